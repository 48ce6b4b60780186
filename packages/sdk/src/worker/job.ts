import { McaiError } from "../errors.ts";
import type { JobLog } from "../log/job-log.ts";
import type { TObject } from "../schema/typebox.ts";
import type { JobResult } from "./job-result.ts";

/**
 * Why a job stops: `order` (a `stop_process`, or Ctrl-C in a local run), `drain` (the worker is shutting down; it requeues a
 * job of the queue), `deadline` (the job has exceeded `MCAI_JOB_TIMEOUT_MS`), or `worker` (the worker has thrown
 * {@link JobStopped}).
 */
export type StopReason = "order" | "drain" | "deadline" | "worker";

/**
 * Thrown by {@link Job.checkpoint} and {@link Job.throwIfStopped} if the job was asked to stop; also the reason of
 * {@link Job.signal}. A worker may throw one itself: the job then ends as stopped instead of failed.
 *
 * @example
 * ```ts
 * if (await isTakenDown(parameters.source_path)) throw new JobStopped("the programme was taken down");
 * ```
 */
export class JobStopped extends McaiError {
  /** Why the job stops; `worker` unless the SDK has created the error. */
  readonly reason: StopReason;
  /** The result of the stopped job. */
  readonly result: JobResult | undefined;

  /**
   * @param message - Why the job stops.
   * @param options - `reason`: `worker` by default; `result`: the result that the stopped job sends.
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
 * Thrown by a worker that cannot do its job now: the job returns to it, or to another worker, after 5 s. `process`, `run` and
 * `initProcess` may throw it. Each time is counted, and after `MESSAGE_SOFT_LIMIT` (800) the job fails. A job that came
 * directly, an initialised one that has started, and one of a local run cannot return: it fails at once with the reason.
 *
 * @example
 * ```ts
 * if (await licences.areAllInUse()) throw new JobPostponed(`no licence is free, attempt ${job.attempt}`);
 * ```
 */
export class JobPostponed extends McaiError {
  /** @param reason - Why the job cannot be done now. It is logged, and it is the message of a job that fails. */
  constructor(reason: string, options?: ErrorOptions) {
    super("JOB_POSTPONED", reason, options);
    this.name = "JobPostponed";
  }
}

/**
 * The job that a worker works on: its identity, its log, its progress, and whether it was asked to stop. `Results` is
 * the schema of the worker's results; a function that does not depend on it takes a plain `Job`.
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
export interface Job<Results extends TObject | undefined = TObject | undefined> {
  /** The id that the backend gave the job. */
  readonly id: number;
  /**
   * Which attempt this is: 1 at first, and one more for each worker that was lost with the job, for each {@link JobPostponed}
   * and each time that a required file was missing. It does not count a worker that returned the job when it shut down.
   */
  readonly attempt: number;
  /**
   * Aborts when the job is asked to stop; its reason is a {@link JobStopped}. The worker must yield to the event loop.
   */
  readonly signal: AbortSignal;
  /** Whether the job was asked to stop. Changes even while the worker does not yield to the event loop. */
  readonly stopped: boolean;
  /** How many threads the worker may use: the container's CPU quota, or else the number of cores; at least 1. */
  readonly threads: number;
  /** The worker's log, with this job's id on each line. */
  readonly log: JobLog;
  /**
   * Yields to the event loop once, so that signals, timers and progress are processed. It saves nothing: an attempt that is
   * lost begins again at its start.
   *
   * @param result - The result that the stopped job sends; none by default. It is not sent if the job has exceeded its
   *   timeout or is requeued.
   * @throws {@link JobStopped} If the job was asked to stop.
   */
  checkpoint(result?: JobResult<Results>): Promise<void>;
  /**
   * Throws if the job was asked to stop. Does not yield, so it can be called in synchronous code and inner loops.
   *
   * @param result - The result that the stopped job sends; none by default. It is not sent if the job has exceeded its
   *   timeout or is requeued.
   * @throws {@link JobStopped} If the job was asked to stop.
   *
   * @example
   * ```ts
   * for (const tile of tiles) {
   *   job.throwIfStopped({ parameters: { tiles: done } });
   *   done += work(tile);
   * }
   * ```
   */
  throwIfStopped(result?: JobResult<Results>): void;
  /**
   * Reports the progress of the job. It may be called at any rate: a message is sent at once for each whole percent above
   * all earlier ones. Of the others the newest is sent, at most once per `MCAI_PROGRESS_INTERVAL_MS` (500 ms by default);
   * one that still waits when the job ends is dropped.
   *
   * @param percent - 0 to 100. It is rounded down and clamped to that range.
   * @throws {@link TypeError} If it is not a number.
   */
  progress(percent: number): void;
}
