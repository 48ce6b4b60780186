import type { Receipt } from "../transport/transport.ts";
import type { CurrentJob } from "./current-job.ts";

/** A settlement that was written longer than this before a connection was lost has reached the broker. */
const maxDoubtMs = 60_000;
const maxJobs = 1000;

/**
 * The jobs that have ended but whose settlement may not have reached the broker. If such a job is delivered again as the
 * same attempt, it is acknowledged and not run, since the backend has its answer.
 */
export class EndedJobs {
  /** When the settlement was written; infinity if it was not, or possibly not. */
  readonly #writtenAt = new Map<number, number>();

  /** Adds a job whose final response is confirmed; `written` says whether its order could be settled. */
  add(jobId: number, written: boolean): void {
    this.#writtenAt.delete(jobId);
    this.#writtenAt.set(jobId, written ? performance.now() : Number.POSITIVE_INFINITY);
    for (const [oldest] of this.#writtenAt) {
      if (this.#writtenAt.size <= maxJobs) return;
      this.#writtenAt.delete(oldest);
    }
  }

  /**
   * Settles a redelivered job that must not run here: the current job, a job that has ended, and a job whose worker was
   * lost, if this transport counts such deaths.
   *
   * @returns Undefined if the job is to be run: known at once, so that orders that arrive together stay in order.
   */
  settleRedelivered(jobId: number, delivery: Receipt, current: CurrentJob | undefined): Promise<unknown> | undefined {
    if (!delivery.redelivered && delivery.deaths === 0) this.#writtenAt.delete(jobId);
    else if (current?.id === jobId) return current.replaceOrigin(delivery);
    else if (this.#has(jobId)) return delivery.settle("acknowledge");
    else if (delivery.redelivered && delivery.canCountDeath) return delivery.settle("count_death");
    return undefined;
  }

  #has(jobId: number): boolean {
    const writtenAt = this.#writtenAt.get(jobId);
    return writtenAt !== undefined && performance.now() - writtenAt < maxDoubtMs;
  }

  /** The connection was lost: the settlements that were written last may be lost too. */
  onDisconnected(): void {
    for (const jobId of this.#writtenAt.keys())
      if (this.#has(jobId)) this.#writtenAt.set(jobId, Number.POSITIVE_INFINITY);
      else this.#writtenAt.delete(jobId);
  }
}
