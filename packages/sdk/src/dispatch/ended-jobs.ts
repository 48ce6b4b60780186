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

  has(jobId: number): boolean {
    const writtenMs = this.#writtenMs.get(jobId);
    return writtenMs !== undefined && performance.now() - writtenMs < doubtMs;
  }

  delete(jobId: number): void {
    this.#writtenMs.delete(jobId);
  }

  /** The connection was lost, and with it, maybe, what was written last. */
  interrupted(): void {
    for (const jobId of this.#writtenMs.keys())
      if (this.has(jobId)) this.#writtenMs.set(jobId, Number.POSITIVE_INFINITY);
      else this.delete(jobId);
  }
}
