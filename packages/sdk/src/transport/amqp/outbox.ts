import { setTimeout as delay } from "node:timers/promises";
import type { ChannelModel, ConfirmChannel, Options } from "amqplib";
import type { JobLog } from "../../log/job-log.ts";

/** The timeout for the confirmation of a message. */
const confirmTimeoutMs = 30_000;

/** A message with its properties. */
export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Uint8Array;
  readonly properties: Options.Publish;
  /** While the message waits for a connection, a later message with the same key replaces it. */
  readonly replaces?: string | undefined;
}

// No jobs are taken while this much waits for confirmation.
const maxMessages = 1000;
const maxSizeBytes = 64 * 1024 * 1024;

interface Pending {
  message: OutgoingMessage;
  readonly confirmed: (() => void)[];
  sentAtMs: number;
}

/** Options of {@link Outbox}. */
export interface OutboxOptions {
  readonly log: JobLog;
  /** Destroys the connection. */
  readonly reset: (why: string) => void;
  /** Called with true when too many messages wait for confirmation, and with false when that is over. */
  readonly onFull: (isFull: boolean) => void;
}

/**
 * Publishes messages with publisher confirms. A message that is not confirmed when the connection is lost is published again
 * on the next one, in the same order: messages may arrive twice, but are not lost.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #sizeBytes = 0;
  #isFull = false;
  readonly #pending = new Set<Pending>();
  #channel: ConfirmChannel | undefined;
  #isBlocked = false;
  #wasAttached = false;
  #onEmpty: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** The number of messages that are not confirmed. */
  get messages(): number {
    return this.#pending.size;
  }

  /** The total size of these messages, without their properties. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Publishes a message; resolves when the broker has confirmed it. */
  publish(message: OutgoingMessage): Promise<void> {
    return new Promise((confirmed) => {
      if (!this.#channel && this.#replace(message, confirmed)) return;
      const pending = { message, confirmed: [confirmed], sentAtMs: 0 };
      this.#pending.add(pending);
      this.#sizeBytes += message.body.length;
      this.#checkFullness();
      this.#send(pending);
    });
  }

  /** Sets up a new connection, and publishes all pending messages on it. */
  async attach(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel();
    channel.on("error", (error) => this.#options.reset(error.message));
    channel.on("close", () => this.#options.reset("the publishing channel was closed"));
    connection.on("blocked", (reason) => {
      this.#isBlocked = true;
      this.#options.log.warn(`The broker has blocked publishing: ${reason}`);
    });
    connection.on("unblocked", () => {
      this.#options.log.info("The broker has unblocked publishing.");
      this.#restartClocks();
    });
    this.#channel = channel;
    this.#wasAttached = true;
    this.#restartClocks();
    for (const pending of this.#pending) this.#send(pending);
    this.#timer ??= setInterval(() => this.#checkDeadline(), confirmTimeoutMs / 10).unref();
  }

  /** Forgets the connection, which is lost. Messages wait for the next one. */
  detach(): void {
    this.#channel = undefined;
  }

  /**
   * Resolves with true when all messages are confirmed, and with false after the timeout or if the connection is lost. The
   * first connection is awaited: a worker that fails to declare its queues stops while this connection is still being
   * opened.
   */
  async flush(timeoutMs: number): Promise<boolean> {
    if (this.#pending.size === 0) return true;
    if (!this.#channel && this.#wasAttached) return false;
    const emptied = new Promise<boolean>((resolve) => {
      this.#onEmpty = () => resolve(true);
    });
    return Promise.race([emptied, delay(timeoutMs, false, { ref: false })]);
  }

  /** Stops the timer. */
  close(): void {
    clearInterval(this.#timer);
  }

  #send(pending: Pending): void {
    const channel = this.#channel;
    if (!channel) return;
    const { exchange, routingKey, body, properties } = pending.message;
    pending.sentAtMs = performance.now();
    channel.publish(exchange, routingKey, toBuffer(body), properties, (error) => {
      if (error === null) this.#confirm(pending);
      // Messages of a closed channel are published again on the next one.
      else if (channel === this.#channel) this.#options.reset("the broker rejected a message");
    });
  }

  #confirm(pending: Pending): void {
    // A message that was published twice is confirmed twice.
    if (!this.#pending.delete(pending)) return;
    this.#sizeBytes -= pending.message.body.length;
    this.#checkFullness();
    for (const confirmed of pending.confirmed) confirmed();
    if (this.#pending.size === 0) this.#onEmpty();
  }

  #replace(message: OutgoingMessage, confirmed: () => void): boolean {
    const { replaces } = message;
    if (replaces === undefined) return false;
    const older = [...this.#pending].find((pending) => pending.message.replaces === replaces);
    if (!older) return false;
    this.#sizeBytes += message.body.length - older.message.body.length;
    older.message = message;
    older.confirmed.push(confirmed);
    return true;
  }

  #checkFullness(): void {
    const isFull = this.#pending.size >= maxMessages || this.#sizeBytes >= maxSizeBytes;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#options.onFull(isFull);
  }

  // The time during which the broker blocks publishing does not count.
  #restartClocks(): void {
    this.#isBlocked = false;
    const now = performance.now();
    for (const pending of this.#pending) pending.sentAtMs = now;
  }

  #checkDeadline(): void {
    const [oldest] = this.#pending;
    if (!oldest || !this.#channel || this.#isBlocked) return;
    if (performance.now() - oldest.sentAtMs > confirmTimeoutMs)
      this.#options.reset(`the broker did not confirm a message within ${confirmTimeoutMs / 1000} s`);
  }
}

function toBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
