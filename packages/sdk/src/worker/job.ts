import { McaiError } from "../errors.ts";
import type { JobLog } from "../log/job-log.ts";
import type { JobResult } from "./job-result.ts";

/**
 * Why a job was asked to stop: `order` (a `stop_process`, or Ctrl-C in a local run), `drain` (the worker is going down
 * and gives the job back), `deadline` (it took too long), `worker` (it stopped by itself).
 */
export type StopReason = "order" | "drain" | "deadline" | "worker";

/**
 * Thrown by {@link Job.checkpoint} when the job was asked to stop, and the reason of {@link Job.signal}. Throw one of
 * your own to stop by yourself: the job then ends as stopped, not as failed.
 *
 * @example
 * ```ts
 * if (await isTakenDown(parameters.source_path)) throw new JobStopped("the programme was taken down");
 * ```
 */
export class JobStopped extends McaiError {
  /** Who asked. `worker` for one that the worker made. */
  readonly reason: StopReason;
  /** What the job gives back although it was stopped. */
  readonly result: JobResult | undefined;

  /**
   * @param message - Why, for the log.
   * @param options - `reason`: who asked, `worker` by default; `result`: what the job gives back all the same.
   */
  constructor(
    message = "The job was stopped by the worker.",
    options: { readonly reason?: StopReason; readonly result?: JobResult | undefined } = {},
  ) {
    super("JOB_STOPPED", message);
    this.name = "JobStopped";
    this.reason = options.reason ?? "worker";
    this.result = options.result;
  }
}

/**
 * What a worker sees of the job it works on.
 *
 * @example
 * ```ts
 * for (const [i, tile] of tiles.entries()) {
 *   await job.checkpoint();
 *   await work(tile, job.signal);
 *   job.progress((100 * (i + 1)) / tiles.length);
 * }
 * ```
 */
export interface Job {
  /** The id that the backend gave the job. */
  readonly id: number;
  /** Aborts when the job is asked to stop; its reason is a {@link JobStopped}. Needs an event loop that turns. */
  readonly signal: AbortSignal;
  /** True as soon as the job is asked to stop, even in a loop that never yields (shared memory). */
  readonly stopped: boolean;
  /** How many threads the worker may use: what the container's CPU quota allows, else the cores; at least 1. */
  readonly threads: number;
  /** The worker's log, with this job's id. */
  readonly log: JobLog;
  /**
   * Yields to the event loop once, so that signals, timers and progress get their turn.
   *
   * @throws {JobStopped} If the job was asked to stop.
   */
  checkpoint(): Promise<void>;
  /**
   * Reports how far the job is. Only changes of the whole percent are sent, so it may be called as often as you like.
   *
   * @param percent - 0 to 100; rounded down, and cut to that range.
   * @throws {TypeError} If it is not a number.
   */
  progress(percent: number): void;
}
