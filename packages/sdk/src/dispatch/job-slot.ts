import type { Log } from "../log/log.ts";
import type { JobOrder } from "../order/order.ts";
import type { JobThreadHandle } from "../thread-protocol/job-thread-handle.ts";
import type { RunEnd } from "../thread-protocol/messages.ts";
import type { Receipt } from "../transport/transport.ts";
import { CurrentJob } from "./current-job.ts";
import type { EndedJobs } from "./ended-jobs.ts";
import type { JobIntake } from "./job-intake.ts";
import { logStart } from "./job-lines.ts";
import { PendingUpdates, type UpdateLimits } from "./pending-updates.ts";
import type { Responder } from "./responder.ts";

/** Options of a {@link JobSlot}. */
export interface JobSlotOptions {
  readonly intake: JobIntake;
  readonly responder: Responder;
  readonly endedJobs: EndedJobs;
  readonly log: Log;
  readonly thread: Pick<JobThreadHandle, "post">;
  readonly settings: UpdateLimits;
}

/** The one job that a worker does at a time: takes it, and ends it with its final response. */
export class JobSlot {
  readonly #options: JobSlotOptions;
  #current: CurrentJob | undefined;
  #lastSerial = 0;

  constructor(options: JobSlotOptions) {
    this.#options = options;
  }

  /** The current job; undefined while there is none. */
  get current(): CurrentJob | undefined {
    return this.#current;
  }

  /** Takes a job. Its delivery is settled by the response that answers it. */
  begin(order: JobOrder, delivery: Receipt): CurrentJob {
    const { intake, log, thread, settings } = this.#options;
    const initialisedFirst = order.type === "init_process";
    const serial = ++this.#lastSerial;
    const updates = new PendingUpdates(settings, (update) => thread.post({ kind: "update", serial, order: update }));
    const current = new CurrentJob(order.job_id, serial, initialisedFirst, log.forJob(order.job_id), updates);
    current.hold(delivery, initialisedFirst ? "initialised" : "ended");
    this.#current = current;
    logStart(current);
    // Any other job fills the prefetch of the job queue by itself: its order is not settled before it ends.
    if (initialisedFirst || delivery.direct) void intake.hold("job");
    return current;
  }

  /** Answers the end of the current job, settles its deliveries and frees the slot. */
  async end(current: CurrentJob, end: RunEnd): Promise<void> {
    const { intake, responder, endedJobs } = this.#options;
    current.phases.enter("ending");
    const settlement = await responder.end(current, end);
    this.#current = undefined;
    // Before it is settled too: if the connection is lost meanwhile, the order is delivered again.
    if (settlement === "acknowledge") endedJobs.add(current.id, false);
    const wasSettled = await current.settle(settlement);
    if (settlement === "acknowledge") endedJobs.add(current.id, wasSettled);
    await intake.release("job");
  }
}
