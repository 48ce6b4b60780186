import { JobClock, type JobResultBody, type JobStatus } from "../response/response.ts";
import type { RunResult } from "../thread-protocol/messages.ts";
import type { Delivery, Settlement } from "../transport/transport.ts";

/** Which response settles a delivery of the job; `stopped` is a stop order, which the final response settles too. */
export type SettledBy = "initialised" | "started" | "updated" | "stopped" | "ended";

/** The job that the worker has in hand, from its order to the confirmation of its final response. */
export class CurrentJob {
  readonly id: number;
  /** The number of this run; a job that comes again gets another. */
  readonly serial: number;
  /** Whether it came by `init_process`, to be started by `start_process`. */
  readonly live: boolean;
  status: JobStatus = "unknown";
  /** Whether its final response was handed over: nothing that comes now changes it. */
  ended = false;
  /** Resolves when its final response is out and all of its deliveries are settled. */
  readonly done: Promise<void>;
  readonly #clock = new JobClock();
  #held: { readonly delivery: Delivery; readonly settledBy: SettledBy }[] = [];
  #finish: () => void = () => undefined;

  constructor(id: number, serial: number, live: boolean) {
    this.id = id;
    this.serial = serial;
    this.live = live;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  /** When it began, or last reported progress. */
  heardMs = performance.now();

  /** Its result at this moment. */
  toResult(status: JobStatus = this.status, result?: RunResult): JobResultBody {
    return this.#clock.toResult(this.id, status, result);
  }

  /** How long it has been in hand. */
  get durationSeconds(): number {
    return this.#clock.durationSeconds;
  }

  /** Keeps a delivery until the response that settles it. */
  keep(delivery: Delivery, settledBy: SettledBy): void {
    this.#held.push({ delivery, settledBy });
  }

  /** Takes the order that comes again in place of the one that was lost with its connection. */
  async adopt(delivery: Delivery): Promise<void> {
    const lost = this.#held.find((one) => one.delivery === this.origin);
    if (!lost) return void (await delivery.settle("acknowledge"));
    this.#held.splice(this.#held.indexOf(lost), 1, { delivery, settledBy: lost.settledBy });
  }

  /** Whether a delivery is kept that this response settles. */
  holds(settledBy: SettledBy): boolean {
    return this.#held.some((one) => one.settledBy === settledBy);
  }

  /** The delivery that can bring the job again; undefined for a live job that was initialised. */
  get origin(): Delivery | undefined {
    return this.#held.find(({ settledBy }) => settledBy === "initialised" || settledBy === "ended")?.delivery;
  }

  /** Acknowledges the oldest delivery that this response settles, if there is one. */
  async acknowledge(settledBy: SettledBy): Promise<void> {
    const index = this.#held.findIndex((one) => one.settledBy === settledBy);
    if (index >= 0) await this.#held.splice(index, 1)[0]?.delivery.settle("acknowledge");
  }

  /**
   * Settles all that is left: the delivery that can bring the job again as given, the others by acknowledgement.
   * Resolves with whether the broker was told.
   */
  async settle(how: Settlement): Promise<boolean> {
    const { origin } = this;
    const rest = this.#held;
    this.#held = [];
    const told = await Promise.all(
      rest.map(({ delivery }) => delivery.settle(delivery === origin ? how : "acknowledge")),
    );
    this.#finish();
    return !told.includes(false);
  }
}
