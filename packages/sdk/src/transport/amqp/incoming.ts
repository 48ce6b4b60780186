import type { Channel, ConsumeMessage, Options } from "amqplib";
import type { Delivery } from "../transport.ts";
import type { OutgoingMessage } from "./pending-messages.ts";

/** Options of {@link toDelivery}. */
export interface IncomingOptions {
  /** The queue that the message comes from. */
  readonly queueName: string;
  readonly direct: boolean;
  /** Whether the queue is a quorum queue: those count deliveries themselves, and may lose dead letters with a broker. */
  readonly cluster: boolean;
  /** The user of the connection, if it is known: the broker rejects messages whose user id is another one. */
  readonly username: string | undefined;
  /** Called when the message is about to be settled. */
  readonly onSettling?: () => void;
  /** Whether the channel that delivered the message is still open. */
  readonly isOpen: () => boolean;
  /** Publishes a message; resolves when the broker has confirmed it. */
  readonly publish: (message: OutgoingMessage) => Promise<void>;
}

/** Converts a message of the broker to a {@link Delivery}. */
export function toDelivery(message: ConsumeMessage, channel: Channel, options: IncomingOptions): Delivery {
  const { queueName, direct, cluster } = options;
  const { "x-delivery-count": deliveryCount, ...headers } = message.properties.headers ?? {};
  const counts = countAttempts(headers, cluster ? toCount(deliveryCount) : 0);
  const { deaths, softRejects } = counts;
  const redelivered = message.fields.redelivered || (cluster && headers.redelivered === true);
  // For the broker, a republished message is a new one. The header tells the worker that runs the job that it is the same.
  const requeuedHeaders =
    cluster && (redelivered || deaths > 0)
      ? { ...headers, ...toLostAttempts(counts.lostOnRequeue), redelivered: true }
      : headers;
  const delayedHeaders = toDelayedHeaders(headers, counts);
  // A direct message is never published again: what settles it does not keep its body.
  const receipt = toReceipt(message.fields, channel, options.isOpen);
  const settle = direct
    ? receipt
    : republishing(receipt, message, options, { headers, requeuedHeaders, delayedHeaders });
  return {
    body: message.content,
    origin: queueName,
    direct,
    canRequeue: !direct,
    redelivered,
    canCountDeath: !direct && !cluster,
    deaths,
    softRejects,
    attempt: counts.attempt,
    canDelay: !direct,
    settle,
  };
}

function toReceipt(fields: ConsumeMessage["fields"], channel: Channel, isOpen: () => boolean): Delivery["settle"] {
  const message = { fields } as ConsumeMessage;
  return async (how) => {
    // The broker redelivers the message by itself.
    if (!isOpen()) return false;
    if (how === "reject") channel.reject(message, false);
    else channel.ack(message);
    return true;
  };
}

function republishing(
  settle: Delivery["settle"],
  message: ConsumeMessage,
  options: IncomingOptions,
  facts: { headers: Record<string, unknown>; requeuedHeaders: object; delayedHeaders: object },
): Delivery["settle"] {
  const { headers, requeuedHeaders, delayedHeaders } = facts;
  return async (how) => {
    if (!options.isOpen()) return false;
    try {
      if (how === "requeue") await options.publish(toRequeued(message, options, requeuedHeaders));
      else if (how === "count_death") await options.publish(toRequeued(message, options, withDeath(headers, options)));
      else if (how === "delay") await options.publish(toDelayed(message, options, delayedHeaders));
    } catch {
      // The broker no longer takes a message of this size. Dead-lettering has no limit: the order comes back with a death.
      return settle("reject");
    }
    return settle(how);
  };
}

/** What the headers of a message count. */
interface AttemptCounts {
  readonly deaths: number;
  readonly softRejects: number;
  readonly attempt: number;
  /** The attempts that the header `lost_attempts` must count once the message was published again. */
  readonly lostOnRequeue: number;
  readonly lostOnDelay: number;
}

function countAttempts(headers: Record<string, unknown>, deliveries: number): AttemptCounts {
  const softRejects = countOf(headers.soft_reject);
  const inHeader = countOf(headers["x-death"]);
  const earlier = toCount(headers.lost_attempts);
  // A delayed message is dead-lettered once when its time in job_delayed has passed, which is not a death of the job.
  const lost = softRejects > 0 && queueOf(headers["x-death"]) === "job_delayed" ? inHeader - 1 : inHeader;
  const deaths = Math.max(lost, deliveries);
  return {
    deaths,
    softRejects,
    attempt: earlier + deaths + softRejects + 1,
    lostOnRequeue: earlier + deaths - lost,
    lostOnDelay: earlier + deaths,
  };
}

// The reference reads 64-bit counts only, and does not apply the soft limit to a message with x-death.
function toDelayedHeaders(headers: Record<string, unknown>, { softRejects, lostOnDelay }: AttemptCounts): object {
  const { "x-death": _, ...kept } = headers;
  const soft_reject = [{ count: { "!": "long", value: softRejects + 1 } }];
  return { ...kept, ...toLostAttempts(lostOnDelay), soft_reject };
}

// Publishing a message again loses the count of a quorum queue, and a delay that of x-death.
function toLostAttempts(count: number): object {
  return count > 0 ? { lost_attempts: { "!": "long", value: count } } : {};
}

function queueOf(header: unknown): unknown {
  return Array.isArray(header) ? (header[0] as { queue?: unknown } | undefined)?.queue : undefined;
}

// RabbitMQ and the reference write these headers as [{ count }].
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

// Counts a death as the broker does when it dead-letters a message, but without dead-lettering: the broker does not confirm
// what it moves out of a dead-letter queue, and loses it when it is killed (4,764 waiting orders at once). The reference
// reads 64-bit counts only.
function withDeath(headers: Record<string, unknown>, { queueName }: IncomingOptions): object {
  const deaths = Array.isArray(headers["x-death"]) ? (headers["x-death"] as unknown[]) : [];
  const [
    first = { reason: "rejected", queue: queueName, exchange: "job_submit", "routing-keys": [queueName] },
    ...others
  ] = deaths;
  const count = { "!": "long", value: countOf(deaths) + 1 };
  return { ...headers, "x-death": [{ ...(first as object), count }, ...others] };
}

function toDelayed(message: ConsumeMessage, options: IncomingOptions, headers: object): OutgoingMessage {
  return {
    exchange: "job_delayed",
    routingKey: options.queueName,
    body: message.content,
    properties: { ...propertiesOf(message, options), headers },
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
