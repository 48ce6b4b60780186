import { type Environment, invalid, readText } from "./values.ts";

/** The maximum length of a short string of AMQP: names, routing keys. */
const maxNameBytes = 255;

// What all workers and the backend share.
const sharedQueues = [
  "job_completed",
  "job_delayed",
  "job_error",
  "job_progression",
  "job_queue_not_found",
  "job_response_delayed",
  "job_response_not_found",
  "job_stopped",
  "job_worker_manager",
  "worker_black_list",
  "worker_created",
  "worker_discovery",
  "worker_initialized",
  "worker_response_not_found",
  "worker_started",
  "worker_status",
  "worker_terminated",
  "worker_updated",
  "direct_messaging_not_found",
];

/**
 * Reads a name of AMQP: at most 255 bytes. Undefined if the variable is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is too long, or has control characters, invisible characters, or
 *   white space at its start or end.
 */
export function readName(env: Environment, name: string): string | undefined {
  return readText(env, name, maxNameBytes);
}

const directPrefix = "direct_messaging_";

/**
 * Reads DIRECT_MESSAGING_IDENTIFIER. Undefined if it is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if the name of the direct queue would not be one, or is the protocol's own.
 */
export function readDirectIdentifier(env: Environment): string | undefined {
  const variable = "DIRECT_MESSAGING_IDENTIFIER";
  const identifier = readText(env, variable, maxNameBytes - directPrefix.length);
  if (identifier !== undefined && sharedQueues.includes(directPrefix + identifier))
    throw invalid(variable, "an identifier whose queue is not one of the protocol's own", identifier);
  return identifier;
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
  if (name.startsWith(directPrefix))
    throw invalid(
      "AMQP_QUEUE",
      `a name that does not start with ${directPrefix}, as the queues of single workers do`,
      name,
    );
  // The queue is bound to a topic exchange with its name. As a pattern it would also get the jobs of other queues.
  if (name.split(".").some((word) => word === "*" || word === "#"))
    throw invalid("AMQP_QUEUE", "a name without the words * and #, which match the names of other queues", name);
  return name;
}
