import { type Environment, invalid, readText } from "./values.ts";

/** The maximum length of a short string of AMQP: names, routing keys. */
const maxNameBytes = 255;

// What all workers and the backend share.
const sharedQueues = [
  "job_delayed",
  "job_queue_not_found",
  "job_response_delayed",
  "job_response_not_found",
  "worker_discovery",
  "worker_response_not_found",
  "direct_messaging_not_found",
];

/**
 * Reads a name of AMQP: at most 255 bytes, together with the prefix that it gets. Undefined if the variable is not set or
 * empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is too long, or has control characters, invisible characters, or
 *   white space at its start or end.
 */
export function readName(env: Environment, name: string, prefix = ""): string | undefined {
  return readText(env, name, maxNameBytes - prefix.length);
}

/**
 * Reads AMQP_QUEUE. Undefined if it is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is not a name, or would consume messages of other queues.
 */
export function readQueueName(env: Environment): string | undefined {
  const name = readName(env, "AMQP_QUEUE");
  if (name === undefined) return undefined;
  if (/^amq\./.test(name)) throw invalid("AMQP_QUEUE", "a name that does not start with the reserved amq.", name);
  if (sharedQueues.includes(name)) throw invalid("AMQP_QUEUE", "a queue that is not one of the protocol's own", name);
  // The queue is bound to a topic exchange with its name. As a pattern it would also get the jobs of other queues.
  if (name.split(".").some((word) => word === "*" || word === "#"))
    throw invalid("AMQP_QUEUE", "a name without the words * and #, which match the names of other queues", name);
  return name;
}
