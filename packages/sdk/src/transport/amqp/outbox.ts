import { setTimeout as delay } from "node:timers/promises";
import type { ChannelModel, ConfirmChannel, Options } from "amqplib";
import type { JobLog } from "../../log/job-log.ts";

/** How long the broker may take to confirm a message. */
const confirmTimeoutMs = 30_000;

/** A message with its properties. */
export interface OutgoingMessage {
  readonly exchange: string;
  readonly routingKey: string;
  readonly body: Uint8Array;
  readonly properties: Options.Publish;
  /** While it waits for a connection, a later message of the same key takes its place. */
  readonly replaces?: string | undefined;
}

/** How much may wait for its confirm before no more jobs are taken. */
const maxMessages = 1000;
const maxSizeBytes = 64 * 1024 * 1024;

interface Pending {
  message: OutgoingMessage;
  readonly confirmed: (() => void)[];
  sentAtMs: number;
}

/** What an {@link Outbox} is made of. */
export interface OutboxOptions {
  readonly log: JobLog;
  /** Gives the connection up. */
  readonly reset: (why: string) => void;
  /** So much waits that nothing more should come, or that is over. */
  readonly onFull: (isFull: boolean) => void;
}

/**
 * Publishes with confirms. What is not confirmed stays, in order, and is published again on the next connection: a
 * message may arrive twice, but is not lost.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  #sizeBytes = 0;
  #isFull = false;
  readonly #pending = new Set<Pending>();
  #channel: ConfirmChannel | undefined;
  #blocked = false;
  #wasAttached = false;
  #onEmpty: () => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** How many messages are not confirmed. */
  get messages(): number {
    return this.#pending.size;
  }

  /** How large they are, without their properties. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Resolves when the broker has confirmed it. */
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

  /** Takes a new connection: what is pending is published on it. */
  async attach(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel();
    channel.on("error", (error) => this.#options.reset(error.message));
    channel.on("close", () => this.#options.reset("the publishing channel was closed"));
    connection.on("blocked", (reason) => {
      this.#blocked = true;
      this.#options.log.warn(`The broker takes no messages: ${reason}`);
    });
    connection.on("unblocked", () => {
      this.#options.log.info("The broker takes messages again.");
      this.#restartClocks();
    });
    this.#channel = channel;
    this.#wasAttached = true;
    this.#restartClocks();
    for (const pending of this.#pending) this.#send(pending);
    this.#timer ??= setInterval(() => this.#checkDeadline(), confirmTimeoutMs / 10).unref();
  }

  /** The connection is lost; messages wait for the next one. */
  detach(): void {
    this.#channel = undefined;
  }

  /**
   * Resolves with true when all is confirmed; with false if that takes longer, or the connection was lost. The first one is
   * waited for: a worker that cannot declare its queues ends while it still opens it.
   */
  async flush(limitMs: number): Promise<boolean> {
    if (this.#pending.size === 0) return true;
    if (!this.#channel && this.#wasAttached) return false;
    const emptied = new Promise<boolean>((resolve) => {
      this.#onEmpty = () => resolve(true);
    });
    return Promise.race([emptied, delay(limitMs, false, { ref: false })]);
  }

  /** Lets go of its timer. */
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
      // Those of a channel that was closed are published again on the next one.
      else if (channel === this.#channel) this.#options.reset("the broker did not take a message");
    });
  }

  #confirm(pending: Pending): void {
    // A message that went out twice is confirmed twice.
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

  // While the broker says that it takes nothing, the clocks stand still.
  #restartClocks(): void {
    this.#blocked = false;
    const now = performance.now();
    for (const pending of this.#pending) pending.sentAtMs = now;
  }

  #checkDeadline(): void {
    const [oldest] = this.#pending;
    if (!oldest || !this.#channel || this.#blocked) return;
    if (performance.now() - oldest.sentAtMs > confirmTimeoutMs)
      this.#options.reset(`the broker did not confirm a message within ${confirmTimeoutMs / 1000} s`);
  }
}

function toBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
