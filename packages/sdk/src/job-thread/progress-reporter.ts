/** Options of a {@link ProgressReporter}. */
export interface ProgressReporterOptions {
  /** At most one percent that does not rise is sent in this time. */
  readonly intervalMs: number;
  /** Sends a percent. */
  readonly send: (percent: number) => void;
}

/**
 * Decides which percents of a job are sent: each one above all earlier ones at once, so at most 100, and of the others the
 * newest, once per interval.
 */
export class ProgressReporter {
  readonly #options: ProgressReporterOptions;
  #highest = 0;
  #sent = 0;
  /** The newest percent that does not rise, if it is not the one that was sent last. */
  #waiting: number | undefined;
  /** When the interval ends in which one waits, on the clock of `performance.now()`. */
  #dueAt: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: ProgressReporterOptions) {
    this.#options = options;
  }

  /** Takes a whole percent. */
  report(percent: number): void {
    if (this.#isClosed) return;
    if (percent > this.#highest) {
      this.#highest = percent;
      this.#rest();
      this.#send(percent);
    } else if (percent === this.#sent) {
      this.#waiting = undefined;
    } else {
      this.#waiting = percent;
      this.#wait();
    }
  }

  /** Sends nothing from now on: a percent that still waits is dropped, since the final response makes it obsolete. */
  close(): void {
    this.#isClosed = true;
    this.#rest();
  }

  #wait(): void {
    const now = performance.now();
    if (this.#dueAt === undefined) {
      this.#dueAt = now + this.#options.intervalMs;
      this.#timer = setTimeout(() => this.#sendWaiting(), this.#options.intervalMs).unref();
    } else if (now >= this.#dueAt) {
      // No timer fires in a job that does not yield.
      this.#sendWaiting();
    }
  }

  #sendWaiting(): void {
    const percent = this.#waiting;
    this.#rest();
    if (percent !== undefined) this.#send(percent);
  }

  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#dueAt = undefined;
    this.#waiting = undefined;
  }

  #send(percent: number): void {
    this.#sent = percent;
    this.#options.send(percent);
  }
}
