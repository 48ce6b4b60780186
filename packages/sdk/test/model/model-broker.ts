import { fitMessage } from "../../src/transport/fit-message.ts";
import type { Message, Settlement, Transport, TransportListener } from "../../src/transport/transport.ts";

/** An order in the model's broker, and what became of it. */
export interface Sent {
  readonly type: string;
  readonly jobId: number | undefined;
  readonly body: Uint8Array;
  readonly direct: boolean;
  redelivered: boolean;
  deaths: number;
  softRejects: number;
  /** The settlement that took it out of its queue. */
  final?: Settlement;
  delays: number;
  /** How often it returned to its queue. */
  requeues: number;
}

interface Pending {
  message: Message;
  readonly resolve: (() => void)[];
}

/** From this number of unconfirmed messages on, no job should be taken. */
const heldMessages = 50;

/** A broker in memory whose connection can be cut, that can block publishing, and that can refuse messages. */
export class ModelBroker implements Transport {
  /** What is wrong with how the worker used it. */
  readonly violations: string[] = [];
  readonly published: { readonly key: string; readonly body: Record<string, unknown> }[] = [];
  readonly sent: Sent[] = [];
  maxWaiting = 0;
  /** How often something was broken. */
  troubles = 0;
  #isUp = true;
  #isBlocked = false;
  #refusals = 0;
  #isHeld = false;
  #isConsuming = false;
  #generation = 0;
  #jobInFlight: Sent | undefined;
  #outbox: Pending[] = [];
  #isFlushing = false;
  readonly #jobs: Sent[] = [];
  readonly #direct: Sent[] = [];
  readonly #unsettled = new Set<Sent>();
  #listener: TransportListener | undefined;

  get unsettled(): readonly Sent[] {
    return [...this.#unsettled];
  }

  get waiting(): number {
    return this.#outbox.length;
  }

  get isTroubled(): boolean {
    return !this.#isUp || this.#isBlocked || this.#refusals > 0;
  }

  send(order: Omit<Sent, "delays" | "requeues">): Sent {
    const sent: Sent = { ...order, delays: 0, requeues: 0 };
    this.sent.push(sent);
    (sent.direct ? this.#direct : this.#jobs).push(sent);
    this.#pump();
    return sent;
  }

  cut(): void {
    if (!this.#isUp) return;
    this.#isUp = false;
    this.troubles++;
    this.#returnUnsettled();
    this.#listener?.onDisconnected?.();
  }

  restore(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    this.#listener?.onReconnected?.();
    this.#pump();
    this.#flushSoon();
  }

  block(isBlocked: boolean): void {
    this.#isBlocked = isBlocked;
    if (isBlocked) this.troubles++;
    this.#flushSoon();
  }

  /** The next messages about a job are refused this often. */
  refuse(count: number): void {
    this.#refusals = count;
    if (count > 0) this.troubles++;
  }

  async start(listener: TransportListener): Promise<void> {
    this.#listener = listener;
    this.#pump();
  }

  async consume(jobs: boolean): Promise<void> {
    this.#isConsuming = jobs;
    this.#pump();
  }

  publish(given: Message): Promise<void> {
    const message = fitMessage(given, 100_000);
    if (!message) return Promise.resolve();
    return new Promise((resolve) => {
      const replaced = this.#outbox.find((one) => given.replaces && one.message.replaces === given.replaces);
      if (replaced) {
        replaced.message = message;
        replaced.resolve.push(resolve);
      } else this.#outbox.push({ message, resolve: [resolve] });
      this.maxWaiting = Math.max(this.maxWaiting, this.#outbox.length);
      this.#hold();
      this.#flushSoon();
    });
  }

  async stop(): Promise<void> {
    this.#listener = undefined;
    this.#returnUnsettled();
  }

  #returnUnsettled(): void {
    this.#generation++;
    for (const sent of [...this.#unsettled].reverse()) {
      sent.redelivered = true;
      (sent.direct ? this.#direct : this.#jobs).unshift(sent);
    }
    this.#unsettled.clear();
    this.#jobInFlight = undefined;
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => {
      this.#isFlushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (!this.#isUp || this.#isBlocked) return;
    const refused = new Set<number>();
    const left: Pending[] = [];
    for (const pending of this.#outbox) {
      const { jobId, routingKey, body } = pending.message;
      if (jobId !== undefined && this.#refusals > 0 && !refused.has(jobId)) {
        this.#refusals--;
        refused.add(jobId);
      }
      if (jobId !== undefined && refused.has(jobId)) {
        left.push(pending);
        continue;
      }
      this.published.push({ key: routingKey, body: JSON.parse(Buffer.from(body).toString()) });
      for (const resolve of pending.resolve) resolve();
    }
    this.#outbox = left;
    if (left.length > 0) this.#flushSoon();
    this.#hold(refused.size > 0);
  }

  #hold(isRefused = false): void {
    const isHeld = isRefused || this.#outbox.length >= heldMessages;
    if (isHeld === this.#isHeld) return;
    this.#isHeld = isHeld;
    this.#listener?.onOutboxHeld?.(isHeld);
  }

  #pump(): void {
    if (!this.#listener || !this.#isUp) return;
    for (const sent of this.#direct.splice(0)) this.#deliver(sent);
    if (!this.#isConsuming || this.#jobInFlight) return;
    const next = this.#jobs.shift();
    if (!next) return;
    this.#jobInFlight = next;
    this.#deliver(next);
  }

  #deliver(sent: Sent): void {
    const generation = this.#generation;
    let isOpen = true;
    this.#unsettled.add(sent);
    const { body, direct, redelivered, deaths, softRejects } = sent;
    const origin = direct ? "the direct queue" : "the job queue";
    const attempt = deaths + softRejects + 1;
    const can = { canRequeue: !direct, canCountDeath: !direct, canDelay: !direct };
    const settle = async (how: Settlement): Promise<boolean> => {
      if (!isOpen) this.violations.push(`${sent.type} ${sent.jobId}: settled twice, now ${how}`);
      isOpen = false;
      if (generation !== this.#generation) {
        // The run has ended so, although the order comes back without it.
        if (how === "delay") sent.delays++;
        return false;
      }
      this.#unsettled.delete(sent);
      if (this.#jobInFlight === sent) this.#jobInFlight = undefined;
      this.#settle(sent, how);
      this.#pump();
      return true;
    };
    this.#listener?.onDelivery({ body, origin, direct, redelivered, deaths, softRejects, attempt, ...can, settle });
  }

  #settle(sent: Sent, how: Settlement): void {
    if (sent.final) this.violations.push(`${sent.type} ${sent.jobId}: ${how} after ${sent.final}`);
    if (how === "acknowledge" || how === "reject") {
      sent.final = how;
      return;
    }
    if (sent.direct) this.violations.push(`${sent.type} ${sent.jobId}: ${how} from the direct queue`);
    sent.redelivered = false;
    if (how === "requeue") {
      sent.requeues++;
      return void this.#jobs.unshift(sent);
    }
    if (how === "count_death") sent.deaths++;
    else {
      sent.softRejects++;
      sent.delays++;
    }
    // Later, as from the queue job_delayed.
    setImmediate(() => {
      this.#jobs.push(sent);
      this.#pump();
    });
  }
}
