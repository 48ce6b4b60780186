import type { Options } from "amqplib";
import type { Message } from "../transport.ts";
import { Route } from "./route.ts";

/** A response, or an order that returns to a queue, with its properties. */
export interface OutgoingMessage extends Omit<Message, "exchange"> {
  readonly exchange: string;
  readonly properties: Options.Publish;
}

/** The two ends of the promise of a publication. */
export interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** A message that the broker has not confirmed. */
export interface Pending {
  message: OutgoingMessage;
  readonly route: Route;
  readonly waiters: Waiter[];
  /** Whether it was sent on the present channel and has no answer yet. */
  isSent: boolean;
  /** When it was sent, on the clock of `performance.now()`. */
  sentAtMs: number;
  /** How often the broker refused it. */
  refusals: number;
}

/** The messages that the broker has not confirmed, in the order of their publication, and which of them may be sent. */
export class PendingMessages implements Iterable<Pending> {
  /** The number of messages that are not sent. */
  unsent = 0;
  /** The total size of all messages, without their properties. */
  sizeBytes = 0;
  /** The number of refused messages that are about a job: responses, and orders that return to a queue. */
  refusedOfJobs = 0;
  readonly #messages = new Set<Pending>();
  readonly #routes = new Map<string, Route>();
  readonly #onDue: () => void;

  /** @param onDue - Called when a refused message may be sent again. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  get size(): number {
    return this.#messages.size;
  }

  [Symbol.iterator](): Iterator<Pending> {
    return this.#messages.values();
  }

  /** Adds a message. */
  add(message: OutgoingMessage, waiter: Waiter): Pending {
    const route = this.#routeOf(message);
    const pending: Pending = { message, route, waiters: [waiter], isSent: false, sentAtMs: 0, refusals: 0 };
    this.#messages.add(pending);
    this.unsent++;
    this.sizeBytes += message.body.length;
    return pending;
  }

  /**
   * Puts a message in the place of the one that it replaces, and returns that place; undefined if none waits.
   *
   * @param isConnected - Whether messages are being sent. What then waits only for the answer to the message before it is not
   *   replaced: it would be sent a moment later.
   */
  replace(message: OutgoingMessage, waiter: Waiter, isConnected: boolean): Pending | undefined {
    if (message.replaces === undefined || this.unsent === 0) return undefined;
    if (isConnected && message.jobId !== undefined && this.refusedOfJobs === 0) return undefined;
    for (const pending of this.#messages) {
      if (pending.isSent || pending.message.replaces !== message.replaces) continue;
      this.change(pending, message);
      pending.waiters.push(waiter);
      return pending;
    }
    return undefined;
  }

  /** Sends another message instead of one that is not sent yet. */
  change(pending: Pending, message: OutgoingMessage): void {
    this.sizeBytes += message.body.length - pending.message.body.length;
    pending.message = message;
  }

  /** Removes a message, and settles the promise of its publication. */
  remove(pending: Pending, error?: Error): void {
    if (!this.#messages.delete(pending)) return;
    const { message, waiters, isSent, refusals } = pending;
    if (!isSent) this.unsent--;
    if (refusals > 0 && isOfJob(message)) this.refusedOfJobs--;
    this.sizeBytes -= message.body.length;
    for (const { resolve, reject } of waiters) error ? reject(error) : resolve();
  }

  /** A message is being sent. */
  onSent(pending: Pending): void {
    pending.isSent = true;
    pending.sentAtMs = performance.now();
    this.unsent--;
  }

  /** The broker refused a message. */
  onRefused(pending: Pending): void {
    pending.isSent = false;
    this.unsent++;
    pending.route.onRefused();
    if (++pending.refusals === 1 && isOfJob(pending.message)) this.refusedOfJobs++;
  }

  /** The channel was closed, with what the broker would have answered. */
  onClosed(): void {
    for (const pending of this.#messages) pending.isSent = false;
    this.unsent = this.#messages.size;
    for (const route of this.#routes.values()) route.onClosed();
  }

  /**
   * Returns the messages that may be sent now. A message about a job waits while one before it is refused, waits itself, or
   * has no answer on a route that is not known to be open. Of the refused messages of a route that is due, the one comes
   * first that was refused least often.
   */
  takeSendable(): readonly Pending[] {
    if (this.unsent === 0) return [];
    const sendable: Pending[] = [];
    const waitingJobs = new Set<number>();
    const again = new Map<Route, Pending>();
    for (const pending of this.#messages) {
      const { message, route, refusals, isSent } = pending;
      const { jobId } = message;
      const isNext = !isSent && (jobId === undefined || !waitingJobs.has(jobId));
      const isFirst = isNext && refusals === 0;
      if (isFirst) sendable.push(pending);
      else if (isNext && route.isDue && refusals < (again.get(route)?.refusals ?? Number.POSITIVE_INFINITY))
        again.set(route, pending);
      const isPassable = (isSent || isFirst) && refusals === 0 && route.isOpen;
      if (jobId !== undefined && !isPassable) waitingJobs.add(jobId);
    }
    for (const [route, pending] of again) {
      route.isDue = false;
      sendable.push(pending);
    }
    return sendable;
  }

  /** Ends the pauses of refused messages. */
  close(): void {
    for (const route of this.#routes.values()) route.close();
  }

  #routeOf({ exchange, routingKey }: OutgoingMessage): Route {
    const key = `${exchange}/${routingKey}`;
    const known = this.#routes.get(key);
    if (known) return known;
    const route = new Route(this.#onDue);
    this.#routes.set(key, route);
    return route;
  }
}

/** Whether a message is a response rather than an order. */
export function isResponse(message: OutgoingMessage): message is OutgoingMessage & Message {
  return message.exchange === "job_response" || message.exchange === "worker_response";
}

function isOfJob(message: OutgoingMessage): boolean {
  return message.jobId !== undefined || !isResponse(message);
}
