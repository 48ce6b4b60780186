import { setTimeout as delay } from "node:timers/promises";
import type { ChannelModel, ConfirmChannel } from "amqplib";
import type { Log } from "../../log/log.ts";
import { fitMessage } from "../fit-message.ts";
import { brokerVersion } from "./connection.ts";
import { defaultMaxMessageBytes, readMaxMessageBytes } from "./message-size.ts";
import { isResponse, type OutgoingMessage, type Pending, PendingMessages } from "./pending-messages.ts";

/** The timeout for the confirmation of a message. */
const confirmTimeoutMs = 30_000;
// No jobs are taken while this much waits for confirmation.
const maxMessages = 1000;
const maxSizeBytes = 64 * 1024 * 1024;
/** How many messages without confirmation are named when the worker ends. */
const maxNamed = 20;

/** Options of {@link Outbox}. */
export interface OutboxOptions {
  readonly log: Log;
  /** The maximum size of a response; that of the broker's version if undefined. */
  readonly maxResponseBytes: number | undefined;
  /** Destroys the connection. */
  readonly reset: (why: string) => void;
  /**
   * Called with true when no job should be taken, because too many messages wait for confirmation or one about a job was
   * refused; with false when that is over.
   */
  readonly onHeld: (isHeld: boolean) => void;
}

/**
 * Publishes messages with publisher confirms. A message that is not confirmed when the connection is lost is published again
 * on the next one, in the same order: messages may arrive twice, but are not lost. A message that the broker refuses is sent
 * again on the open channel, after growing pauses; until it is confirmed, later messages about the same job wait.
 */
export class Outbox {
  readonly #options: OutboxOptions;
  readonly #pending = new PendingMessages(() => this.#sendAll());
  /** What the broker named when it closed a channel for the size of a message. */
  #maxNamedBytes = Number.POSITIVE_INFINITY;
  #maxResponseBytes = Number.POSITIVE_INFINITY;
  #isFull = false;
  #isHeld = false;
  #connection: ChannelModel | undefined;
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
    return this.#pending.sizeBytes;
  }

  /** Whether no job should be taken, because of messages that are not confirmed. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /**
   * Publishes a message, or its substitute if it is too large; resolves when the broker has confirmed it. Without a
   * substitute a response is not sent.
   *
   * @throws {@link Error} if the broker refuses an order for its size.
   */
  publish(message: OutgoingMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      const channel = this.#channel;
      const replaced = this.#pending.replace(message, waiter, channel !== undefined);
      const pending = replaced ?? this.#pending.add(message, waiter);
      if (channel && this.#fit(pending)) {
        // Nothing that waits concerns it.
        if (message.jobId === undefined && pending.refusals === 0) this.#send(pending, channel);
        else this.#sendAll();
      }
      this.#checkHold();
    });
  }

  /** Sets up a new connection, and publishes all pending messages on it. */
  async attach(connection: ChannelModel): Promise<void> {
    connection.on("blocked", (reason) => {
      this.#isBlocked = true;
      this.#options.log.warn(`The broker has blocked publishing: ${reason}`);
    });
    connection.on("unblocked", () => {
      this.#options.log.info("The broker has unblocked publishing.");
      this.#restartClocks();
    });
    this.#connection = connection;
    this.#maxResponseBytes = this.#options.maxResponseBytes ?? defaultMaxMessageBytes(brokerVersion(connection));
    await this.#openChannel(connection);
    this.#wasAttached = true;
    this.#timer ??= setInterval(() => this.#checkDeadline(), confirmTimeoutMs / 10).unref();
  }

  /** Forgets the connection, which is lost. Messages wait for the next one. */
  detach(): void {
    this.#connection = undefined;
    this.#forgetChannel();
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

  /** Logs the messages that are not confirmed. */
  logUnconfirmed(): void {
    const { size } = this.#pending;
    for (const { message, refusals } of [...this.#pending].slice(0, maxNamed)) {
      const refused = refusals === 0 ? "" : `; refused ${refusals === 1 ? "once" : `${refusals} times`}`;
      this.#logOf(message).error(`The broker did not confirm ${describe(message)}${refused}.`);
    }
    if (size > maxNamed) this.#options.log.error(`The broker did not confirm ${size - maxNamed} more messages.`);
  }

  /** Stops the timers. */
  close(): void {
    clearInterval(this.#timer);
    this.#pending.close();
  }

  async #openChannel(connection: ChannelModel): Promise<void> {
    const channel = await connection.createConfirmChannel();
    // The connection was lost in the meantime.
    if (this.#connection !== connection) return;
    channel.on("error", (error) => this.#onChannelError(channel, connection, error));
    channel.on("close", () => {
      if (channel === this.#channel) this.#options.reset("the publishing channel was closed");
    });
    this.#channel = channel;
    this.#restartClocks();
    for (const pending of this.#pending) this.#fit(pending);
    this.#sendAll();
    this.#checkHold();
  }

  #forgetChannel(): void {
    this.#channel = undefined;
    this.#pending.onClosed();
  }

  // A message that is larger than the broker takes closes the channel, but not the connection.
  #onChannelError(channel: ConfirmChannel, connection: ChannelModel, error: Error): void {
    if (channel !== this.#channel) return;
    const maxBytes = readMaxMessageBytes(error);
    if (maxBytes === undefined) {
      this.#options.reset(error.message);
      return;
    }
    this.#maxNamedBytes = Math.min(this.#maxNamedBytes, maxBytes);
    this.#options.log.warn(`From now on no message has more than ${maxBytes} bytes. ${error.message}`);
    this.#forgetChannel();
    this.#openChannel(connection).catch((cause: Error) => this.#options.reset(cause.message));
  }

  #sendAll(): void {
    const channel = this.#channel;
    if (channel) for (const pending of this.#pending.takeSendable()) this.#send(pending, channel);
  }

  #send(pending: Pending, channel: ConfirmChannel): void {
    const { exchange, routingKey, body, properties } = pending.message;
    this.#pending.onSent(pending);
    channel.publish(exchange, routingKey, toBuffer(body), properties, (error) => {
      // Messages of a closed channel are published again on the next one.
      if (channel !== this.#channel || error?.message === "channel closed") return;
      if (error === null) this.#onConfirmed(pending);
      else this.#onRefused(pending);
      this.#checkHold();
    });
  }

  #onConfirmed(pending: Pending): void {
    const { message, route, refusals } = pending;
    route.onTaken(refusals > 0);
    if (refusals > 0) this.#logOf(message).info(`The broker took ${describe(message)}.`);
    this.#pending.remove(pending);
    if (message.isLast) this.#dropRefused(message);
    this.#sendAll();
    if (this.#pending.size === 0) this.#onEmpty();
  }

  #onRefused(pending: Pending): void {
    const { message } = pending;
    this.#pending.onRefused(pending);
    if (pending.refusals > 1) return;
    this.#logOf(message).warn(
      `The broker refused ${describe(message)}: a queue that is bound to it is full or unavailable. It is sent again until every queue takes it.`,
    );
  }

  // Those that were on their way together with the last one: after it, they would report an earlier state of the job.
  #dropRefused({ jobId }: OutgoingMessage): void {
    if (this.#pending.refusedOfJobs === 0) return;
    for (const pending of this.#pending) {
      const { message, isSent, refusals } = pending;
      if (isSent || refusals === 0 || message.jobId !== jobId) continue;
      this.#logOf(message).warn(`Not sent again, since the job has ended: ${describe(message)}.`);
      this.#pending.remove(pending);
    }
  }

  /** Replaces a message that is too large by its substitute. Returns false if it has none, and is not sent. */
  #fit(pending: Pending): boolean {
    const { message } = pending;
    const isOrder = !isResponse(message);
    const maxBytes = isOrder ? this.#maxNamedBytes : Math.min(this.#maxNamedBytes, this.#maxResponseBytes);
    if (message.body.length <= maxBytes) return true;
    const fitting = isOrder ? undefined : fitMessage(message, maxBytes, this.#logOf(message));
    if (fitting) this.#pending.change(pending, { ...fitting, properties: message.properties });
    else if (isOrder) this.#pending.remove(pending, new Error(`the broker takes no more than ${maxBytes} bytes`));
    else this.#pending.remove(pending);
    return fitting !== undefined;
  }

  #checkHold(): void {
    const { size, sizeBytes, refusedOfJobs } = this.#pending;
    const isFull = size >= maxMessages || sizeBytes >= maxSizeBytes;
    if (isFull && !this.#isFull)
      this.#options.log.warn(
        "Too many messages wait for the broker's confirmation: no jobs are taken until it has confirmed them.",
      );
    this.#isFull = isFull;
    const isHeld = isFull || refusedOfJobs > 0;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#options.onHeld(isHeld);
  }

  // The time during which the broker blocks publishing does not count.
  #restartClocks(): void {
    this.#isBlocked = false;
    const now = performance.now();
    for (const pending of this.#pending) pending.sentAtMs = now;
  }

  // A refused message that waits to be sent again has its answer.
  #checkDeadline(): void {
    if (!this.#channel || this.#isBlocked) return;
    const latestMs = performance.now() - confirmTimeoutMs;
    if ([...this.#pending].some(({ isSent, sentAtMs }) => isSent && sentAtMs < latestMs))
      this.#options.reset(`the broker did not confirm a message within ${confirmTimeoutMs / 1000} s`);
  }

  #logOf({ jobId }: OutgoingMessage): Log {
    return jobId === undefined ? this.#options.log : this.#options.log.forJob(jobId);
  }
}

function describe({ exchange, routingKey, jobId }: OutgoingMessage): string {
  const about = jobId === undefined ? "a message" : `a message about job ${jobId}`;
  return `${about} (exchange "${exchange}", routing key "${routingKey}")`;
}

function toBuffer(body: Uint8Array): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}
