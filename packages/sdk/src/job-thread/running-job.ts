import { describeValue } from "../errors.ts";
import type { JobLog } from "../log/job-log.ts";
import type { Log } from "../log/log.ts";
import type { StopFlag } from "../thread-protocol/stop-flag.ts";
import { type Job, JobStopped, type StopReason } from "../worker/job.ts";
import type { JobResult } from "../worker/job-result.ts";
import { ProgressReporter } from "./progress-reporter.ts";

const reasonTexts: Readonly<Record<StopReason, string>> = {
  order: "The job was asked to stop by an order.",
  drain: "The job was stopped because the worker shuts down.",
  deadline: "The job took longer than MCAI_JOB_TIMEOUT_MS allows.",
  worker: "The job was stopped by the worker.",
};

/** Options of a {@link RunningJob}. */
export interface RunningJobOptions {
  readonly id: number;
  readonly attempt: number;
  readonly serial: number;
  readonly threads: number;
  /** The log of the thread. */
  readonly log: Log;
  readonly stopFlag: StopFlag;
  /** At most one percent that does not rise is sent in this time. */
  readonly progressIntervalMs: number;
  /** Sends a whole percent to the main thread. */
  readonly sendProgress: (percent: number) => void;
  /** Called with what `progress` was called with. */
  readonly onProgress?: ((percent: number) => void) | undefined;
}

/** The {@link Job} of a run in the job thread. */
export class RunningJob implements Job {
  readonly id: number;
  readonly attempt: number;
  readonly threads: number;
  readonly #options: RunningJobOptions;
  // Made on first use: they cost as much as the rest of a job that does nothing.
  #log: JobLog | undefined;
  #controller: AbortController | undefined;
  readonly #progress: ProgressReporter;

  constructor(options: RunningJobOptions) {
    this.id = options.id;
    this.attempt = options.attempt;
    this.threads = options.threads;
    this.#progress = new ProgressReporter({ intervalMs: options.progressIntervalMs, send: options.sendProgress });
    this.#options = options;
  }

  get log(): JobLog {
    this.#log ??= this.#options.log.forJob(this.id);
    return this.#log;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    this.wake();
    return this.#controller.signal;
  }

  get stopped(): boolean {
    return this.stopReason !== undefined;
  }

  /** The reason for which the job must stop; undefined if it need not. */
  get stopReason(): StopReason | undefined {
    return this.#options.stopFlag.reasonFor(this.#options.serial);
  }

  async checkpoint(result?: JobResult): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.throwIfStopped(result);
  }

  throwIfStopped(result?: JobResult): void {
    const reason = this.stopReason;
    if (reason === undefined) return;
    // The getter aborts the signal.
    const { signal } = this;
    if (result !== undefined) throw new JobStopped(reasonTexts[reason], { reason, result });
    signal.throwIfAborted();
  }

  /** Aborts the signal if the stop flag is raised. */
  wake(): void {
    const reason = this.stopReason;
    if (reason && this.#controller?.signal.aborted === false)
      this.#controller.abort(new JobStopped(reasonTexts[reason], { reason }));
  }

  progress(percent: number): void {
    if (typeof percent !== "number" || Number.isNaN(percent))
      throw new TypeError(`job.progress: expected a number from 0 to 100, got ${describeValue(percent)}`);
    this.#options.onProgress?.(percent);
    this.#progress.report(Math.floor(Math.min(100, Math.max(0, percent))));
  }

  /** The job has ended: no progress is sent any more. */
  close(): void {
    this.#progress.close();
  }

  /** Whether an error means that the job was stopped: a {@link JobStopped}, or the `AbortError` of an aborted signal. */
  isStop(error: unknown): boolean {
    if (error instanceof JobStopped) return true;
    return this.signal.aborted && error instanceof Error && error.name === "AbortError";
  }
}
