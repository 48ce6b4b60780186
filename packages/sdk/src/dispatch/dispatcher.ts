import { setTimeout as delay } from "node:timers/promises";
import type { Settings } from "../env.ts";
import { messageOf } from "../errors.ts";
import { decodeOrder, OrderError } from "../order/decode.ts";
import type { JobOrder, Order, OrderOf } from "../order/order.ts";
import type { JobThreadHandle, JobThreadListener } from "../thread-protocol/job-thread-handle.ts";
import type { Report } from "../thread-protocol/messages.ts";
import type { StopCause } from "../thread-protocol/stop-flag.ts";
import type { Delivery, Receipt, TransportListener } from "../transport/transport.ts";
import { Answers } from "./answers.ts";
import type { BlackList } from "./black-list.ts";
import { EndedJobs } from "./ended-jobs.ts";
import { JobIntake } from "./job-intake.ts";
import { detailsOf, logNotRun } from "./job-lines.ts";
import { JobReports } from "./job-reports.ts";
import { JobSlot } from "./job-slot.ts";
import { Responder, type ResponderOptions } from "./responder.ts";
import { Stopper } from "./stopper.ts";
import { WorkerOrderHandler } from "./worker-order-handler.ts";

const otherJob = "The Job ID is not the same as the current job.";

/** Options of a {@link Dispatcher}. */
export interface DispatcherOptions extends ResponderOptions {
  readonly thread: JobThreadHandle;
  /** Whether the worker has an `initProcess`: such a worker sends `worker_started` for every job. */
  readonly hasInitProcess: boolean;
  readonly settings: Pick<
    Settings,
    | "maxDeaths"
    | "maxErrorBytes"
    | "maxSoftRejects"
    | "jobTimeoutMs"
    | "stopGraceMs"
    | "shutdownGraceMs"
    | "maxPendingUpdates"
    | "maxPendingUpdateBytes"
  >;
  readonly blackList: BlackList;
  /** Called for a `stop_worker`. */
  readonly onStopWorker: () => void;
  /** Called when the job thread cannot be started again. */
  readonly onFailure: (error: Error) => void;
}

/** What a {@link Dispatcher} knows about itself, for exit codes, probes and metrics. */
export interface DispatcherStats {
  /** The number of jobs that were answered with an error. */
  readonly failedJobs: number;
  /** The number of messages that were not orders. */
  readonly unreadableOrders: number;
  /** Whether jobs can be done now: the job thread is ready, and the worker does not shut down. */
  readonly canRunJobs: boolean;
  /** The time since the current job started or last reported progress; undefined if no job runs. */
  readonly jobSilentMs: number | undefined;
}

/**
 * The main thread's side of every job: decides what happens to each order in each phase of the current job. docs/orders.md has the whole table.
 */
export class Dispatcher implements JobThreadListener, TransportListener {
  readonly workerOrders: WorkerOrderHandler;
  readonly #options: DispatcherOptions;
  readonly #responder: Responder;
  readonly #intake: JobIntake;
  readonly #slot: JobSlot;
  readonly #reports: JobReports;
  readonly #stopper: Stopper;
  readonly #endedJobs = new EndedJobs();
  readonly #answers: Answers;
  #unreadableOrders = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const responder = new Responder(options);
    const intake = new JobIntake(options.transport, options.log);
    const slot = new JobSlot({ ...options, intake, responder, endedJobs: this.#endedJobs });
    this.#responder = responder;
    this.#intake = intake;
    this.#slot = slot;
    this.#reports = new JobReports({ slot, responder, hasInitProcess: options.hasInitProcess });
    this.#answers = new Answers(options.log);
    this.#stopper = new Stopper({ ...options, intake, slot });
    this.workerOrders = new WorkerOrderHandler({ ...options, intake, slot, responder });
  }

  get stats(): DispatcherStats {
    const current = this.#slot.current;
    return {
      failedJobs: this.#responder.failedJobs,
      unreadableOrders: this.#unreadableOrders,
      canRunJobs: this.#intake.canRunJobs,
      jobSilentMs: current?.phases.beforeEnd === "running" ? performance.now() - current.lastProgressAt : undefined,
    };
  }

  /** Sets who is called for each job that got its final response. */
  set onJobEnded(listener: Responder["onJobEnded"]) {
    this.#responder.onJobEnded = listener;
  }

  /** Reads the black list, then takes jobs. */
  async start(): Promise<void> {
    await this.#options.blackList.load();
    await this.#intake.release("starting");
  }

  /** Handles a delivery: it is carried out, answered, requeued or rejected. Never throws. */
  onDelivery(delivery: Delivery): void {
    const { origin } = delivery;
    this.#handle(delivery).catch((error: unknown) => this.#logError(error, origin));
  }

  onDisconnected(): void {
    this.#endedJobs.onDisconnected();
  }

  onReconnected(): void {
    this.#options.blackList.load().catch((error: unknown) => this.#logError(error));
  }

  onOutboxHeld(isHeld: boolean): void {
    void (isHeld ? this.#intake.hold("outbox") : this.#intake.release("outbox"));
  }

  /** Resolves when no job is in progress, and the last one is settled. An initialised job that was not started does not count. */
  async idle(): Promise<void> {
    const current = this.#slot.current;
    if (current && current.phases.current !== "initialised") await current.done;
  }

  /**
   * Takes no more jobs. The current job may finish within `finishMs`; then it is asked to stop for this cause, and
   * terminated after the shutdown grace. Resolves within these times, although its final response may not be confirmed.
   */
  async stop(finishMs: number, cause: Exclude<StopCause, "deadline">): Promise<void> {
    // Not awaited: a broker that does not respond must not delay the shutdown. A job that arrives now is requeued.
    void this.#intake.hold("drain");
    this.#options.blackList.close();
    if (finishMs > 0) await Promise.race([this.idle(), delay(finishMs, undefined, { ref: false })]);
    const current = this.#slot.current;
    if (current) await this.#stopper.stop(current, cause, this.#options.settings.shutdownGraceMs);
  }

  onThreadReport(report: Report): void {
    if (report.kind === "secrets") this.#options.log.hide(report.secrets);
    this.#reports.handle(report).catch((error: unknown) => this.#logError(error));
  }

  onThreadLost(reason: string): void {
    this.#options.log.error(reason);
    void this.#intake.hold("thread");
    const current = this.#slot.current;
    if (!current || current.isEnding) return;
    const end = { status: "error", message: reason, code: "THREAD_EXITED" } as const;
    this.#slot.end(current, end).catch((error: unknown) => this.#logError(error));
  }

  onThreadRecovered(): void {
    void this.#intake.release("thread");
  }

  onThreadFailed(error: Error): void {
    this.#options.onFailure(error);
  }

  // Not async: the body would be kept until the order is settled. For the same reason what it calls awaits nothing while it
  // has the order.
  #handle({ body, ...delivery }: Delivery): Promise<void> {
    let order: Order;
    try {
      order = decodeOrder(body);
    } catch (error) {
      return this.#answerUnreadable(delivery, error);
    }
    switch (order.type) {
      case "job":
      case "init_process":
        return this.#begin(order, delivery);
      case "start_process":
        return this.#start(order, delivery);
      case "update_process":
        return this.#update(order, body, delivery);
      case "stop_process":
        return this.#stopJob(order, delivery);
      case "reached_expiration":
        if (this.#slot.current?.id === order.job_id)
          return this.#answers.reject(delivery, "this job is in progress here", order.job_id);
        return this.#answerError(order.job_id, delivery, "Job TTL has been reached.");
      default:
        return this.workerOrders.handle(order, delivery);
    }
  }

  async #answerUnreadable(delivery: Receipt, error: unknown): Promise<void> {
    const message = messageOf(error);
    this.#unreadableOrders++;
    const jobId = error instanceof OrderError ? error.jobId : undefined;
    const failure = { status: "error", message, code: "ORDER_INVALID" } as const;
    const what = `${delivery.origin}: not an order`;
    // A malformed message about the current job must not end it.
    if (jobId !== undefined && jobId !== this.#slot.current?.id)
      return this.#answers.give(delivery, () => this.#responder.refuse(jobId, failure, what));
    const log = jobId === undefined ? this.#options.log : this.#options.log.forJob(jobId);
    log.event("error", `${what}: ${this.#responder.text(failure)}`, detailsOf(failure));
    await delivery.settle("acknowledge");
  }

  async #begin(order: OrderOf<"job" | "init_process">, delivery: Receipt): Promise<void> {
    const { thread, settings, blackList } = this.#options;
    const { current } = this.#slot;
    const settled = this.#endedJobs.settleRedelivered(order.job_id, delivery, current);
    const { job_id: jobId } = order;
    if (settled) {
      logNotRun(this.#options.log, jobId, "redelivered");
      return settled.then(() => undefined);
    }
    if (current || !this.#intake.isOpenTo(delivery)) return this.#turnAway(order, delivery);
    if (delivery.deaths > settings.maxDeaths || delivery.softRejects > settings.maxSoftRejects)
      return this.#answerError(jobId, delivery, "Job TTL has been reached.");
    if (blackList.has(jobId)) {
      logNotRun(this.#options.log, jobId, "black_listed");
      return this.#answers.give(delivery, () => blackList.drop(jobId));
    }
    const job = this.#slot.begin(order, delivery);
    const kind = job.phases.initialisedFirst ? "initialise" : "run";
    thread.post({ kind, serial: job.serial, order, attempt: delivery.attempt });
    if (!job.phases.initialisedFirst) this.#stopper.startTimeout(job);
  }

  async #turnAway({ job_id: jobId }: JobOrder, delivery: Receipt): Promise<void> {
    const { current } = this.#slot;
    // A file of a local run cannot wait for an initialised job: its start could only come from a later file.
    const isBlocked = delivery.direct && current !== undefined && !current.isStarted;
    if (delivery.canRequeue && !isBlocked) {
      // After a lost connection the order of the current job may be elsewhere, so that it does not fill the prefetch.
      if (current) void this.#intake.hold("job");
      logNotRun(this.#options.log, jobId, "requeued");
      return void (await delivery.settle("requeue"));
    }
    if (current?.id === jobId) return this.#answers.reject(delivery, "this job is in progress here", jobId);
    const reason = current ? "an another job is already in progress" : "the worker does not accept jobs now";
    return this.#answerError(jobId, delivery, `Cannot initialize this job, ${reason}.`);
  }

  async #start(order: OrderOf<"start_process">, delivery: Receipt): Promise<void> {
    const { current } = this.#slot;
    if (current?.id === order.job_id && (current.isStarted || current.isEnding))
      return this.#answers.reject(delivery, "the job has already been started", order.job_id);
    if (!current || current.isStarted)
      return this.#answerError(order.job_id, delivery, "Cannot start a not initialized job.");
    if (current.id !== order.job_id)
      return this.#answerError(order.job_id, delivery, "The Job ID is not the same as the initialized job.");
    current.hold(delivery, "started");
    if (current.phases.current === "initialised") current.phases.enter("starting");
    this.#stopper.startTimeout(current);
    this.#options.thread.post({ kind: "start", serial: current.serial, order });
  }

  async #update(order: OrderOf<"update_process">, body: Uint8Array, delivery: Receipt): Promise<void> {
    const { current } = this.#slot;
    if (!current || current.isEnding)
      return this.#answers.reject(delivery, "Cannot update a non-running job.", order.job_id);
    if (current.id !== order.job_id) return this.#answers.reject(delivery, otherJob, order.job_id);
    const refusal = current.updates.add(order, body, delivery);
    if (refusal === undefined) return;
    const failure = { status: "error", message: refusal, code: "UPDATE_REFUSED" } as const;
    return this.#answers.give(delivery, () => this.#responder.updated(current, failure));
  }

  async #stopJob(order: OrderOf<"stop_process">, delivery: Receipt): Promise<void> {
    const { current } = this.#slot;
    if (!current) return this.#answers.reject(delivery, "there is no current job", order.job_id);
    if (current.id !== order.job_id) return this.#answers.reject(delivery, otherJob, order.job_id);
    // One is enough to be delivered again if the connection is lost.
    if (current.holds("stopped")) return void (await delivery.settle("acknowledge"));
    current.hold(delivery, "stopped");
    if (!current.isEnding) await this.#stopper.stop(current, "order", this.#options.settings.stopGraceMs);
  }

  #answerError(jobId: number, delivery: Receipt, message: string): Promise<void> {
    return this.#answers.give(delivery, () => this.#responder.refuse(jobId, { status: "error", message }));
  }

  #logError(error: unknown, origin = "the worker"): void {
    this.#options.log.error(`${origin}: ${messageOf(error)}`);
  }
}
