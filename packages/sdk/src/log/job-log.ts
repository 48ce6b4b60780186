/**
 * The log of a job: lines of the worker's log that have the id of the job. `fields` are appended as JSON. Secret
 * parameters are replaced by `[redacted]`. Writing does not wait for the main thread.
 *
 * @example
 * ```ts
 * job.log.info("tile done", { tile: 3, durationMs: 12 });
 * ```
 */
export interface JobLog {
  /** Details for developers; shown with `MCAI_LOG=debug`. */
  debug(message: string, fields?: Record<string, unknown>): void;
  /** Normal events. */
  info(message: string, fields?: Record<string, unknown>): void;
  /** Conditions that an operator should know of, although the job continues. */
  warn(message: string, fields?: Record<string, unknown>): void;
  /** Errors. */
  error(message: string, fields?: Record<string, unknown>): void;
}
