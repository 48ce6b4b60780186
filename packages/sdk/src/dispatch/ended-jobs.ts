import type { Delivery } from "../transport/transport.ts";
import type { CurrentJob } from "./current-job.ts";

/** How long before a cut a settlement may have been written and still be lost with it. */
const doubtMs = 60_000;
/** How many jobs are remembered. */
const limit = 1000;

/**
 * The jobs that ended while nobody knows whether the broker knows: if one comes again as the same attempt, it is
 * acknowledged and not run, since the backend has its answer.
 */
export class EndedJobs {
  /** When the settlement was written; infinity if it was not, or maybe not. */
  readonly #writtenMs = new Map<number, number>();

  /** Remembers a job whose final response is confirmed; `written` says whether its order could be settled. */
  add(jobId: number, written: boolean): void {
    this.#writtenMs.delete(jobId);
    this.#writtenMs.set(jobId, written ? performance.now() : Number.POSITIVE_INFINITY);
    for (const [oldest] of this.#writtenMs) {
      if (this.#writtenMs.size <= limit) return;
      this.#writtenMs.delete(oldest);
    }
  }

  /**
   * Settles a job that comes again as the same attempt: one that this worker has in hand, or has done, is not run twice,
   * and one that another worker was lost with comes back where that is counted. False if it is to be run.
   */
  async settleAgain(jobId: number, delivery: Delivery, current: CurrentJob | undefined): Promise<boolean> {
    if (!delivery.redelivered && delivery.deaths === 0) {
      this.#writtenMs.delete(jobId);
      return false;
    }
    if (current?.id === jobId) await current.adopt(delivery);
    else if (this.#has(jobId)) await delivery.settle("acknowledge");
    else if (delivery.redelivered && delivery.canCountDeath) await delivery.settle("count_death");
    else return false;
    return true;
  }

  #has(jobId: number): boolean {
    const writtenMs = this.#writtenMs.get(jobId);
    return writtenMs !== undefined && performance.now() - writtenMs < doubtMs;
  }

  /** The connection was lost, and with it, maybe, what was written last. */
  onDisconnected(): void {
    for (const jobId of this.#writtenMs.keys())
      if (this.#has(jobId)) this.#writtenMs.set(jobId, Number.POSITIVE_INFINITY);
      else this.#writtenMs.delete(jobId);
  }
}
