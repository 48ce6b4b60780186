/** A signal that aborts with a job, or when something took too long. */
export class TimeLimit {
  /** Aborts with the job's reason, or with the error that was made. */
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param signal - The job's.
   * @param makeError - Called when the time is over.
   */
  constructor(signal: AbortSignal, timeoutMs: number, makeError: () => Error) {
    const late = new AbortController();
    this.#timer = setTimeout(() => late.abort(makeError()), timeoutMs);
    this.signal = AbortSignal.any([signal, late.signal]);
  }

  /** What was to be done is done. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
