import type { Log } from "../log/log.ts";
import type { EncodedResult, FailedRun } from "../thread-protocol/messages.ts";
import type { CurrentJob } from "./current-job.ts";

/** Logs that a job was taken. */
export function logStart(current: CurrentJob): void {
  const { log, phases } = current;
  if (phases.initialisedFirst) log.event("info", "Initialising the job.", { status: "initialising" });
  else log.event("info", "Job started.", { status: "started" });
}

/** Logs that a job is initialised, or that an initialised job starts. */
export function logPhase({ log }: CurrentJob, status: "initialised" | "started"): void {
  log.event("info", `Job ${status}.`, { status });
}

/** Logs the end of a job that has its result. */
export function logResult(current: CurrentJob, status: "completed" | "stopped", result: EncodedResult): void {
  const { log, durationMs } = current;
  log.event("info", `Job ${status} after ${durationMs} ms.`, {
    status,
    duration_ms: durationMs,
    ...(result.shown && { destination_paths: result.shown.destinationPaths, parameters: result.shown.parameters }),
  });
}

/** Logs the end of a job that failed. `message` is that of its response. */
export function logFailure({ log, durationMs }: CurrentJob, message: string, failure: FailedRun): void {
  log.event("error", `Job failed after ${durationMs} ms: ${message}`, {
    status: "error",
    duration_ms: durationMs,
    ...detailsOf(failure),
  });
}

/** Logs that a job ends here without an answer, since it runs later. */
export function logReturn(current: CurrentJob, status: "delayed" | "requeued", reason: string): void {
  const { log, durationMs } = current;
  log.event("warn", `Job ${status} after ${durationMs} ms: ${reason}`, { status, duration_ms: durationMs });
}

const notRun = {
  redelivered: ["info", "it was delivered again, and has been answered or counts as lost."],
  black_listed: ["info", "it is on the black list."],
  // A job that waits its turn need not be told at INFO.
  requeued: ["debug", "another is in progress, or no job is taken now. It returns to its queue."],
} as const;

/** Logs that a job is not run here, and gets no answer. */
export function logNotRun(log: Log, jobId: number, status: keyof typeof notRun): void {
  const [level, why] = notRun[status];
  log.forJob(jobId).event(level, `Job not run: ${why}`, { status });
}

/** The fields of a failure: its code, its faults, and where in the worker's code it was thrown. */
export function detailsOf({ code, faults, stack }: Omit<FailedRun, "status" | "message">): Record<string, unknown> {
  return {
    ...(code !== undefined && { code }),
    ...(faults !== undefined && { faults }),
    ...(stack !== undefined && { stack }),
  };
}
