import type { Log } from "../log/log.ts";
import { JobClock, type JobResultBody, type JobStatus } from "../response/response.ts";
import { JobPhases } from "../thread-protocol/job-phase.ts";
import type { Receipt, Settlement } from "../transport/transport.ts";
import type { PendingUpdates } from "./pending-updates.ts";

/** The response that settles a delivery of a job; `stopped` is the first stop order, which the final response settles too. */
export type SettledBy = "initialised" | "started" | "stopped" | "ended";

interface HeldDelivery {
  readonly delivery: Receipt;
  readonly settledBy: SettledBy;
}

/** The current job of a worker, from its order to the confirmation of its final response. */
export class CurrentJob {
  readonly id: number;
  /** The number of this run; a job that is delivered again gets another. */
  readonly serial: number;
  readonly phases: JobPhases;
  readonly log: Log;
  readonly updates: PendingUpdates;
  /** When the job began or last reported progress, on the clock of `performance.now()`. */
  lastProgressAt = performance.now();
  /** Resolves when the final response is confirmed and all deliveries are settled. */
  readonly done: Promise<void>;
  /** Runs from the job's order on. */
  readonly clock = new JobClock();
  #held: HeldDelivery[] = [];
  #resolveDone: () => void = () => undefined;

  constructor(id: number, serial: number, initialisedFirst: boolean, log: Log, updates: PendingUpdates) {
    this.id = id;
    this.serial = serial;
    this.log = log;
    this.updates = updates;
    this.phases = new JobPhases(initialisedFirst, log);
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  /** The status of the job on the wire, unless the response is about its end or an update. */
  get status(): JobStatus {
    const { beforeEnd, initialisedFirst } = this.phases;
    if (beforeEnd === "running") return "processing";
    const isInitialised = beforeEnd === "initialised" || (beforeEnd === "starting" && initialisedFirst);
    return isInitialised ? "ready_to_start" : "unknown";
  }

  /** Whether the job has ended: nothing that arrives now changes its final response. */
  get isEnding(): boolean {
    return this.phases.current === "ending";
  }

  /** Whether the job was started, or an order to start it waits for its initialisation. */
  get isStarted(): boolean {
    const { beforeEnd } = this.phases;
    return beforeEnd === "starting" || beforeEnd === "running" || this.holds("started");
  }

  /** The job's result as it is now. */
  toResult(status: JobStatus = this.status): JobResultBody {
    return this.clock.toResult(this.id, status);
  }

  /** The time since the job's order, in whole milliseconds. */
  get durationMs(): number {
    return Math.round(this.durationSeconds * 1000);
  }

  /** The time since the job's order, in seconds. */
  get durationSeconds(): number {
    return this.clock.durationSeconds;
  }

  /** Keeps a delivery until the response that settles it. */
  hold(delivery: Receipt, settledBy: SettledBy): void {
    this.#held.push({ delivery, settledBy });
  }

  /** Whether a delivery is kept that this response settles. */
  holds(settledBy: SettledBy): boolean {
    return this.#held.some((held) => held.settledBy === settledBy);
  }

  /** The delivery whose requeue would start the job again; undefined once an `init_process` is acknowledged. */
  get origin(): Receipt | undefined {
    return this.#held.find(({ settledBy }) => settledBy === "initialised" || settledBy === "ended")?.delivery;
  }

  /**
   * Keeps an order that was delivered again, in place of the delivery that was lost with its connection. A delivery that was
   * not lost, because the order was sent twice, is acknowledged.
   */
  async replaceOrigin(delivery: Receipt): Promise<void> {
    const lost = this.#held.find((held) => held.delivery === this.origin);
    if (!lost) return void (await delivery.settle("acknowledge"));
    this.#held.splice(this.#held.indexOf(lost), 1, { delivery, settledBy: lost.settledBy });
    await lost.delivery.settle("acknowledge");
  }

  /** Acknowledges the oldest delivery that this response settles, if there is one. */
  async acknowledge(settledBy: SettledBy): Promise<void> {
    const index = this.#held.findIndex((held) => held.settledBy === settledBy);
    if (index >= 0) await this.#held.splice(index, 1)[0]?.delivery.settle("acknowledge");
  }

  /**
   * Settles all deliveries that are left: the origin as given, the others by acknowledgement.
   *
   * @returns Whether all settlements were sent to the broker.
   */
  async settle(how: Settlement): Promise<boolean> {
    const { origin } = this;
    const rest = this.#held;
    this.#held = [];
    const settled = rest.map(({ delivery }) => delivery.settle(delivery === origin ? how : "acknowledge"));
    const updates = this.updates.clear().map((delivery) => delivery.settle("acknowledge"));
    const sent = await Promise.all([...settled, ...updates]);
    this.#resolveDone();
    return !sent.includes(false);
  }
}
