/** A signal that aborts when the job stops, or after a timeout. */
export class TimeLimit {
  /** Aborts with the job's reason, or with the error of the timeout. */
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  /**
   * @param signal - The job's signal.
   * @param timeoutMs - The timeout.
   * @param makeError - Creates the error of the timeout.
   */
  constructor(signal: AbortSignal, timeoutMs: number, makeError: () => Error) {
    const late = new AbortController();
    this.#timer = setTimeout(() => late.abort(makeError()), timeoutMs);
    this.signal = AbortSignal.any([signal, late.signal]);
  }

  /** Cancels the timeout. */
  clear(): void {
    clearTimeout(this.#timer);
  }
}
