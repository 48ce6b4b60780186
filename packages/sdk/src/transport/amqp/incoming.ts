import type { Channel, ConsumeMessage, Options } from "amqplib";
import type { Delivery, Settlement } from "../transport.ts";
import type { OutgoingMessage } from "./outbox.ts";

/** What a message becomes a {@link Delivery} by. */
export interface IncomingOptions {
  /** The queue that it came from. */
  readonly queueName: string;
  readonly direct: boolean;
  /** Quorum queues: they count deliveries themselves, and their dead letters may get lost with a broker. */
  readonly cluster: boolean;
  /** The user of the connection: the broker takes no message in another's name. */
  readonly username: string;
  /** Whether the channel that the message came by is still there. */
  readonly isOpen: () => boolean;
  /** Publishes; resolves when that is confirmed. */
  readonly publish: (message: OutgoingMessage) => Promise<void>;
}

/** Makes a delivery of a message of the broker. */
export function toDelivery(message: ConsumeMessage, channel: Channel, options: IncomingOptions): Delivery {
  const { queueName, direct, cluster } = options;
  const { "x-delivery-count": deliveryCount, ...headers } = message.properties.headers ?? {};
  const softRejects = countOf(headers.soft_reject);
  const deaths = Math.max(countOf(headers["x-death"]), cluster ? toCount(deliveryCount) : 0);
  const redelivered = message.fields.redelivered || (cluster && headers.redelivered === true);
  // A copy is new to the broker. The worker that has the job must know it all the same.
  const returned = cluster && (redelivered || deaths > 0) ? { ...headers, redelivered: true } : headers;
  const settle = async (how: Settlement): Promise<boolean> => {
    // The broker brings it again by itself.
    if (!options.isOpen()) return false;
    if (how === "requeue") await options.publish(toRequeued(message, options, returned));
    else if (how === "count_death") await options.publish(toRequeued(message, options, withDeath(headers, options)));
    else if (how === "delay") await options.publish(toDelayed(message, options, headers, softRejects + 1));
    if (!options.isOpen()) return false;
    if (how === "reject") channel.reject(message, false);
    else channel.ack(message);
    return true;
  };
  return {
    body: message.content,
    origin: queueName,
    direct,
    canRequeue: !direct,
    redelivered,
    canCountDeath: !direct && !cluster,
    deaths,
    softRejects,
    canDelay: !direct,
    settle,
  };
}

// [{ count }], as RabbitMQ and the reference write it.
function countOf(header: unknown): number {
  const [first] = Array.isArray(header) ? (header as unknown[]) : [];
  return toCount((first as { count?: unknown } | undefined)?.count);
}

function toCount(value: unknown): number {
  return typeof value === "number" && value > 0 ? value : 0;
}

function toRequeued(message: ConsumeMessage, options: IncomingOptions, headers: object): OutgoingMessage {
  const { queueName } = options;
  return {
    exchange: "",
    routingKey: queueName,
    body: message.content,
    properties: { ...propertiesOf(message, options), headers },
  };
}

// As the broker would count it, but without its dead letters: what comes out of those is not confirmed, and a broker that is
// killed has then forgotten it (4,764 waiting orders at once). The reference reads 64-bit counts only.
function withDeath(headers: Record<string, unknown>, { queueName }: IncomingOptions): object {
  const deaths = Array.isArray(headers["x-death"]) ? (headers["x-death"] as unknown[]) : [];
  const [
    first = { reason: "rejected", queue: queueName, exchange: "job_submit", "routing-keys": [queueName] },
    ...others
  ] = deaths;
  const count = { "!": "long", value: countOf(deaths) + 1 };
  return { ...headers, "x-death": [{ ...(first as object), count }, ...others] };
}

// The reference reads 64-bit counts only, and takes no x-death for the soft limit.
function toDelayed(
  message: ConsumeMessage,
  options: IncomingOptions,
  headers: Record<string, unknown>,
  count: number,
): OutgoingMessage {
  const { "x-death": _, ...kept } = headers;
  return {
    exchange: "job_delayed",
    routingKey: options.queueName,
    body: message.content,
    properties: {
      ...propertiesOf(message, options),
      headers: { ...kept, soft_reject: [{ count: { "!": "long", value: count } }] },
    },
  };
}

function propertiesOf({ properties }: ConsumeMessage, { username }: IncomingOptions): Options.Publish {
  const { contentType, contentEncoding, deliveryMode, priority, correlationId, replyTo, expiration } = properties;
  const { messageId, timestamp, type, userId, appId } = properties;
  const all = {
    ...{ contentType, contentEncoding, deliveryMode, priority, correlationId, replyTo, expiration },
    ...{ messageId, timestamp, type, userId: userId === username ? userId : undefined, appId },
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
