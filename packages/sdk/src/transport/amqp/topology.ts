import type { Channel } from "amqplib";
import { toBrokerError } from "./broker-error.ts";

/** Options of {@link topology}. */
export interface TopologyOptions {
  readonly queueName: string;
  readonly directQueueName: string;
  /** The arguments of the binding of the direct queue: `instance_id`, `job_type`, `worker_name`, `worker_version`. */
  readonly binding: Readonly<Record<string, string>>;
  /** Whether queues are quorum queues instead of classic ones. */
  readonly cluster: boolean;
  /** The acknowledgement timeout of the job queue, if the broker supports it. */
  readonly consumerTimeoutMs: number | undefined;
  /** Whether the direct queue is exclusive: RabbitMQ 4.3 and later reject queues that are neither durable nor exclusive. */
  readonly exclusiveDirectQueue: boolean;
}

type Arguments = Readonly<Record<string, unknown>>;

/** An exchange, a queue or a binding that the worker declares. */
export type Declaration =
  | { readonly kind: "exchange"; readonly name: string; readonly type: string; readonly arguments: Arguments }
  | {
      readonly kind: "queue";
      readonly name: string;
      readonly arguments: Arguments;
      readonly durable: boolean;
      readonly autoDelete: boolean;
      readonly exclusive: boolean;
    }
  | {
      readonly kind: "binding";
      readonly exchange: string;
      readonly queue: string;
      readonly routingKey: string;
      readonly arguments: Arguments;
    };

// The integer types that the reference sends. The broker compares only the values.
const short = (value: number) => ({ "!": "short", value });
const unsigned = (value: number) => ({ "!": "uint32", value });

/**
 * Returns everything that a worker declares, in the order of the reference (docs/protocol.md). The worker announces itself
 * after it has declared the first list and before it declares the second.
 */
export function topology(options: TopologyOptions): readonly [before: Declaration[], after: Declaration[]] {
  const { queueName, directQueueName, binding, cluster, consumerTimeoutMs, exclusiveDirectQueue } = options;
  const queueType = { "x-queue-type": cluster ? "quorum" : "classic" };
  const durable = { kind: "queue", durable: true, autoDelete: false, exclusive: false } as const;
  const shared = (name: string, type: string, alternate: string): Declaration => ({
    kind: "exchange",
    name,
    type,
    arguments: { "alternate-exchange": alternate },
  });
  const bind = (exchange: string, queue: string, routingKey: string, args: Arguments = {}): Declaration => ({
    kind: "binding",
    exchange,
    queue,
    routingKey,
    arguments: args,
  });
  const jobQueue = {
    ...(consumerTimeoutMs !== undefined && { "x-consumer-timeout": unsigned(consumerTimeoutMs) }),
    "x-dead-letter-exchange": "job_delayed",
    "x-dead-letter-routing-key": queueName,
    ...(!cluster && { "x-max-priority": short(100) }),
    ...queueType,
  };
  const discoveryQueue = {
    "x-dead-letter-exchange": "job_response_delayed",
    "x-dead-letter-routing-key": "worker_discovery",
    ...queueType,
  };
  const before: Declaration[] = [
    { kind: "exchange", name: "job_delayed", type: "fanout", arguments: {} },
    shared("job_submit", "topic", "job_queue_not_found"),
    shared("job_response", "topic", "job_response_not_found"),
    shared("worker_response", "topic", "worker_response_not_found"),
    {
      ...durable,
      name: "job_delayed",
      arguments: { "x-dead-letter-exchange": "", "x-message-ttl": short(5000), ...queueType },
    },
    bind("job_delayed", "job_delayed", "*"),
    shared("direct_messaging", "headers", "direct_messaging_not_found"),
    {
      kind: "queue",
      name: directQueueName,
      durable: cluster,
      autoDelete: !cluster,
      exclusive: exclusiveDirectQueue && !cluster,
      arguments: queueType,
    },
    bind("direct_messaging", directQueueName, "*", { broadcast: "true", ...binding, "x-match": "any" }),
    { ...durable, name: "worker_discovery", arguments: discoveryQueue },
  ];
  const after: Declaration[] = [
    { ...durable, name: queueName, arguments: jobQueue },
    bind("job_submit", queueName, queueName),
    { ...durable, name: "worker_response_not_found", arguments: queueType },
  ];
  return [before, after];
}

/**
 * Makes the declarations one after the other.
 *
 * @returns The number of consumers that the last one has, if it is a queue.
 * @throws {@link McaiError} when the broker rejects a declaration. It names the object, the properties that were declared
 * and what the broker answered.
 */
export async function declare(channel: Channel, declarations: readonly Declaration[]): Promise<number> {
  let consumers = 0;
  for (const declaration of declarations) {
    try {
      consumers = await declareOne(channel, declaration);
    } catch (error) {
      throw toBrokerError(error, describe(declaration));
    }
  }
  return consumers;
}

async function declareOne(channel: Channel, declaration: Declaration): Promise<number> {
  if (declaration.kind === "binding") {
    const { queue, exchange, routingKey } = declaration;
    await channel.bindQueue(queue, exchange, routingKey, declaration.arguments);
  } else if (declaration.kind === "exchange") {
    await channel.assertExchange(declaration.name, declaration.type, {
      durable: true,
      arguments: declaration.arguments,
    });
  } else {
    const { durable, autoDelete, exclusive } = declaration;
    const { consumerCount } = await channel.assertQueue(declaration.name, {
      durable,
      autoDelete,
      exclusive,
      arguments: declaration.arguments,
    });
    return consumerCount;
  }
  return 0;
}

function describe(declaration: Declaration): string {
  const plain = JSON.stringify(declaration.arguments, (_, value: unknown) =>
    typeof value === "object" && value !== null && "!" in value
      ? (value as unknown as { value: unknown }).value
      : value,
  );
  if (declaration.kind === "binding")
    return `binding of queue ${declaration.queue} to exchange ${declaration.exchange} with ${plain}`;
  if (declaration.kind === "exchange") return `exchange ${declaration.name} (${declaration.type}, durable, ${plain})`;
  const { name, durable, autoDelete, exclusive } = declaration;
  const kinds = [
    durable ? "durable" : "not durable",
    autoDelete ? "auto-delete" : "",
    exclusive ? "exclusive" : "",
  ].filter(Boolean);
  return `queue ${name} (${kinds.join(", ")}, ${plain})`;
}
