import type { FailedRun, Report } from "../thread-protocol/messages.ts";
import type { CurrentJob } from "./current-job.ts";
import { logPhase } from "./job-lines.ts";
import type { JobSlot } from "./job-slot.ts";
import type { Responder } from "./responder.ts";

/** Options of {@link JobReports}. */
export interface JobReportsOptions {
  readonly slot: JobSlot;
  readonly responder: Responder;
  /** Whether the worker has an `initProcess`: such a worker sends `worker_started` for every job. */
  readonly hasInitProcess: boolean;
}

/** Answers what the job thread reports about the current job. */
export class JobReports {
  readonly #options: JobReportsOptions;

  constructor(options: JobReportsOptions) {
    this.#options = options;
  }

  /** Handles a report. Those about another job, or one that has ended, are ignored. */
  async handle(report: Report): Promise<void> {
    const { slot, responder } = this.#options;
    const { current } = slot;
    if (!current || !("serial" in report) || report.serial !== current.serial || current.isEnding) return;
    switch (report.kind) {
      case "initialised":
        return this.#onInitialised(current);
      case "started":
        return this.#onStarted(current);
      case "progression":
        current.lastProgressAt = performance.now();
        return responder.progress(current, report.percent);
      case "updated":
        return this.#onUpdated(current, report.failure);
      case "ended":
        return slot.end(current, report.end);
    }
  }

  async #onInitialised(current: CurrentJob): Promise<void> {
    current.phases.enter("initialised");
    logPhase(current, "initialised");
    const answered = this.#options.responder.publish("worker_initialized", current.toResult());
    if (current.holds("started")) current.phases.enter("starting");
    await answered;
    await current.acknowledge("initialised");
  }

  async #onStarted(current: CurrentJob): Promise<void> {
    const { responder, hasInitProcess } = this.#options;
    current.phases.enter("running");
    if (current.phases.initialisedFirst) logPhase(current, "started");
    const isAnnounced = hasInitProcess || current.phases.initialisedFirst;
    const announced = isAnnounced ? responder.publish("worker_started", current.toResult()) : undefined;
    const progressed = responder.progress(current, 0);
    await announced;
    await current.acknowledge("started");
    await progressed;
  }

  async #onUpdated(current: CurrentJob, failure: FailedRun | undefined): Promise<void> {
    const answered = current.updates.onAnswer(failure !== undefined);
    if (answered.length === 0) return;
    await this.#options.responder.updated(current, failure);
    current.updates.onConfirmed();
    await Promise.all(answered.map((delivery) => delivery.settle("acknowledge")));
  }
}
