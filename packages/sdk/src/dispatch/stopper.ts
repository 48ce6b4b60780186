import { setTimeout as delay } from "node:timers/promises";
import type { Settings } from "../env.ts";
import { messageOf } from "../errors.ts";
import type { JobThreadHandle } from "../thread-protocol/job-thread-handle.ts";
import { emptyResult, type RunEnd } from "../thread-protocol/messages.ts";
import type { StopCause } from "../thread-protocol/stop-flag.ts";
import type { CurrentJob } from "./current-job.ts";
import type { JobIntake } from "./job-intake.ts";
import type { JobSlot } from "./job-slot.ts";

/** How long the thread of a job that did not stop is kept for the confirmation of its final response. */
const maxAnswerMs = 5000;

/** Options of a {@link Stopper}. */
export interface StopperOptions {
  readonly thread: JobThreadHandle;
  readonly intake: JobIntake;
  readonly slot: JobSlot;
  readonly settings: Pick<Settings, "jobTimeoutMs" | "shutdownGraceMs">;
}

/** Asks jobs to stop, and terminates the thread of a job that does not. */
export class Stopper {
  readonly #options: StopperOptions;

  constructor(options: StopperOptions) {
    this.#options = options;
  }

  /**
   * Asks a job to stop. If it does not end within the grace, it is answered and its thread is terminated.
   *
   * @param graceMs - Without it the job may take as long as it likes.
   * @returns Resolves when the job has ended or its thread is being terminated; without a grace, when it was asked. The
   *   final response may not be confirmed yet.
   */
  async stop(current: CurrentJob, cause: StopCause, graceMs: number | undefined): Promise<void> {
    const { thread, intake, slot } = this.#options;
    const { launches } = thread;
    thread.post({ kind: "stop", serial: current.serial, reason: cause });
    if (graceMs === undefined) return;
    await Promise.race([current.done, delay(graceMs, undefined, { ref: false })]);
    if (current.isEnding) return;
    current.log.warn(`The job did not stop within ${graceMs} ms: its thread is terminated.`);
    // Not awaited: the answer must not wait for a broker that does not respond.
    void intake.hold("thread");
    const answered = slot
      .end(current, this.#endOf(cause))
      .catch((error: unknown) => current.log.error(messageOf(error)));
    // If a native call holds the thread, replacing it ends the process. A shutdown awaits the answer later.
    if (!intake.isHeldBy("drain")) await Promise.race([answered, delay(maxAnswerMs, undefined, { ref: false })]);
    // Not awaited: the last messages need not wait for it.
    if (intake.isHeldBy("drain")) void thread.stop("force");
    // A thread that exited meanwhile has been replaced already.
    else if (thread.launches === launches) await thread.replace();
  }

  /** Stops a job when it takes longer than `MCAI_JOB_TIMEOUT_MS`, if that is set. */
  startTimeout(current: CurrentJob): void {
    const { jobTimeoutMs, shutdownGraceMs } = this.#options.settings;
    if (jobTimeoutMs === undefined) return;
    const timer = setTimeout(() => {
      if (current.isEnding) return;
      current.log.warn(this.#timeoutText());
      void this.stop(current, "deadline", shutdownGraceMs);
    }, jobTimeoutMs).unref();
    void current.done.then(() => clearTimeout(timer));
  }

  #endOf(cause: StopCause): RunEnd {
    if (cause === "deadline") return { status: "error", message: this.#timeoutText(), code: "JOB_TIMEOUT" };
    return { status: "stopped", reason: cause, result: emptyResult };
  }

  #timeoutText(): string {
    return `The job took longer than MCAI_JOB_TIMEOUT_MS allows (${this.#options.settings.jobTimeoutMs} ms).`;
  }
}
