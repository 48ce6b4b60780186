import type { CurrentJob } from "./current-job.ts";

/** There is at most one line in this time. */
const intervalMs = 1000;

/** Logs the progress of the current job: at once, then the newest percent at most once a second. */
export class ProgressLine {
  #lastAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #waiting: { readonly current: CurrentJob; readonly percent: number } | undefined;

  /** Takes a new percent of a job. The 0 of its start has a line of its own. */
  take(current: CurrentJob, percent: number): void {
    if (percent === 0 || !current.log.shows("info")) return;
    this.#waiting = { current, percent };
    const leftMs = this.#lastAt + intervalMs - performance.now();
    if (leftMs <= 0) this.#write();
    else this.#timer ??= setTimeout(() => this.#write(), leftMs).unref();
  }

  /** The job has ended: what waits is not logged. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = undefined;
  }

  #write(): void {
    const waiting = this.#waiting;
    this.end();
    if (!waiting) return;
    this.#lastAt = performance.now();
    waiting.current.log.event("info", `Progress: ${waiting.percent} %`, { progress: waiting.percent });
  }
}
