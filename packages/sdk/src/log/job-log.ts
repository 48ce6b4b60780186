/**
 * Writes lines to the worker's log, with the job's id. `fields` are added as JSON. Never blocks on the other thread;
 * secret parameters are replaced by `[redacted]`.
 *
 * @example
 * ```ts
 * job.log.info("tile done", { tile: 3, durationMs: 12 });
 * ```
 */
export interface JobLog {
  /** For a developer; not shown by default (`MCAI_LOG=debug`). */
  debug(message: string, fields?: Record<string, unknown>): void;
  /** What happens. */
  info(message: string, fields?: Record<string, unknown>): void;
  /** What an operator should know, though the job goes on. */
  warn(message: string, fields?: Record<string, unknown>): void;
  /** What went wrong. */
  error(message: string, fields?: Record<string, unknown>): void;
}
