import { messageOf } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Receipt, Transport } from "../transport/transport.ts";

/**
 * A reason for which no job is taken from the job queue: the worker has not started, does a job that was initialised
 * first, shuts down, is suspended by an order, has no job thread, or has too many unconfirmed messages.
 */
export type IntakeHold = "starting" | "job" | "drain" | "suspended" | "thread" | "outbox";

/** Decides whether jobs are taken from the job queue: they are while nothing holds the intake. */
export class JobIntake {
  readonly #transport: Transport;
  readonly #log: Log;
  readonly #holds = new Set<IntakeHold>(["starting"]);

  constructor(transport: Transport, log: Log) {
    this.#transport = transport;
    this.#log = log;
  }

  /** Whether the intake is held for this reason. */
  isHeldBy(reason: IntakeHold): boolean {
    return this.#holds.has(reason);
  }

  /** Whether the worker can do jobs: it does not shut down, and its job thread is ready. */
  get canRunJobs(): boolean {
    return !this.#holds.has("drain") && !this.#holds.has("thread");
  }

  /** Whether a job that is delivered now can be done; a suspended worker still does the direct ones. */
  isOpenTo(delivery: Receipt): boolean {
    return this.canRunJobs && (delivery.direct || !this.#holds.has("suspended"));
  }

  /** Takes no more jobs from the queue, for this reason. Resolves when the transport has started or stopped consuming; never rejects. */
  async hold(reason: IntakeHold): Promise<void> {
    const wasOpen = this.#holds.size === 0;
    this.#holds.add(reason);
    if (wasOpen) await this.#consume(false);
  }

  /** Removes a reason; without any left, jobs are taken again. Resolves when the transport has started or stopped consuming; never rejects. */
  async release(reason: IntakeHold): Promise<void> {
    if (this.lift(reason)) await this.resume();
  }

  /** Removes a reason without taking jobs yet. Returns whether it was there. */
  lift(reason: IntakeHold): boolean {
    return this.#holds.delete(reason);
  }

  /** Takes jobs again if no reason is left. Resolves when the transport has started or stopped consuming; never rejects. */
  async resume(): Promise<void> {
    if (this.#holds.size === 0) await this.#consume(true);
  }

  async #consume(jobs: boolean): Promise<void> {
    try {
      await this.#transport.consume(jobs);
    } catch (error) {
      this.#log.error(`The job queue: ${messageOf(error)}`);
    }
  }
}
