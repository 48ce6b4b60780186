import { type Job, JobStopped } from "@mcai/worker-sdk";
import type { Outputs } from "./output/outputs.ts";

/** The job of a media worker: as that of any worker, with outputs. */
export interface MediaJob extends Job {
  /** The files that the job writes. */
  readonly output: Outputs;
  /** @internal */
  throwIfStopped(): void;
}

/** Adds outputs to a job. */
export function toMediaJob(job: Job, output: Outputs): MediaJob {
  return {
    id: job.id,
    signal: job.signal,
    threads: job.threads,
    log: job.log,
    output,
    get stopped() {
      return job.stopped;
    },
    checkpoint: () => job.checkpoint(),
    progress: (percent) => job.progress(percent),
    throwIfStopped: () => {
      if (!job.stopped) return;
      job.signal.throwIfAborted();
      // The flag is up, and its message is still on its way.
      throw new JobStopped();
    },
  };
}
