import { setTimeout as delay } from "node:timers/promises";
import type { Settings } from "../env.ts";
import type { Log } from "../log/log.ts";
import type { JobThreadHandle } from "../thread-protocol/job-thread-handle.ts";
import type { RunEnd } from "../thread-protocol/messages.ts";
import type { CurrentJob } from "./current-job.ts";

/** How long a job may be deaf to its deadline when `MCAI_STOP_GRACE_MS` says nothing else. */
const deadlineGraceMs = 2000;

/** What a {@link Stopper} is made of. */
export interface StopperOptions {
  readonly thread: JobThreadHandle;
  readonly settings: Pick<Settings, "jobTimeoutMs" | "stopGraceMs">;
  readonly log: Log;
  /** Answers for a job whose thread is about to be ended. */
  readonly end: (current: CurrentJob, end: RunEnd) => Promise<void>;
  /** Whether no other job will need the thread. */
  readonly isDraining: () => boolean;
}

/** Asks jobs to stop, and ends those that are deaf to it with their thread. */
export class Stopper {
  readonly #options: StopperOptions;

  constructor(options: StopperOptions) {
    this.#options = options;
  }

  /** Resolves when the job has ended; without a grace, when it was asked. */
  async stop(current: CurrentJob, reason: "order" | "drain" | "deadline", graceMs: number | undefined): Promise<void> {
    const { thread, log, end, isDraining } = this.#options;
    thread.post({ kind: "stop", serial: current.serial, reason });
    if (graceMs === undefined) return;
    await Promise.race([current.done, delay(graceMs, undefined, { ref: false })]);
    if (current.ended) return current.done;
    log.forJob(current.id).warn(`The job did not stop within ${graceMs} ms: its thread is ended.`);
    const nothing = { destinationPaths: [], parameters: [] };
    if (reason === "deadline") await end(current, { status: "error", message: this.#lateText() });
    else await end(current, { status: "stopped", reason, result: nothing });
    if (isDraining()) await thread.end("force");
    else await thread.replace();
  }

  /** Stops a job that takes longer than it may, if there is such a limit. */
  limit(current: CurrentJob): void {
    const { jobTimeoutMs, stopGraceMs = deadlineGraceMs } = this.#options.settings;
    if (jobTimeoutMs === undefined) return;
    const timer = setTimeout(() => {
      if (current.ended) return;
      this.#options.log.forJob(current.id).warn(this.#lateText());
      void this.stop(current, "deadline", stopGraceMs);
    }, jobTimeoutMs).unref();
    void current.done.then(() => clearTimeout(timer));
  }

  #lateText(): string {
    return `The job took longer than MCAI_JOB_TIMEOUT_MS allows (${this.#options.settings.jobTimeoutMs} ms).`;
  }
}
