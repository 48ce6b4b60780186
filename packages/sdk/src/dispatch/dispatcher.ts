import { setTimeout as delay } from "node:timers/promises";
import type { Settings } from "../env.ts";
import { messageOf } from "../errors.ts";
import { decodeOrder, OrderError } from "../order/decode.ts";
import type { JobOrder, Order, OrderOf } from "../order/order.ts";
import type { JobThreadHandle, JobThreadListener } from "../thread-protocol/job-thread-handle.ts";
import type { Report } from "../thread-protocol/messages.ts";
import type { Delivery, TransportListener } from "../transport/transport.ts";
import type { BlackList } from "./black-list.ts";
import type { CurrentJob } from "./current-job.ts";
import { EndedJobs } from "./ended-jobs.ts";
import { JobIntake } from "./job-intake.ts";
import { JobSlot } from "./job-slot.ts";
import { Responder, type ResponderOptions } from "./responder.ts";
import { type StopCause, Stopper } from "./stopper.ts";
import { WorkerOrderHandler } from "./worker-order-handler.ts";

/** Options of a {@link Dispatcher}. */
export interface DispatcherOptions extends ResponderOptions {
  readonly thread: JobThreadHandle;
  /** Whether the worker has an `initProcess`: such a worker sends `worker_started` for every job. */
  readonly hasInitProcess: boolean;
  readonly settings: Pick<
    Settings,
    "maxDeaths" | "maxSoftRejects" | "jobTimeoutMs" | "stopGraceMs" | "shutdownGraceMs"
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
 * The main thread's side of every job: decides what happens to each order in each phase of the current job, and answers
 * what the job thread reports. docs/orders.md has the whole table.
 */
export class Dispatcher implements JobThreadListener, TransportListener {
  readonly workerOrders: WorkerOrderHandler;
  readonly #options: DispatcherOptions;
  readonly #responder: Responder;
  readonly #intake: JobIntake;
  readonly #slot: JobSlot;
  readonly #stopper: Stopper;
  readonly #endedJobs = new EndedJobs();
  #unreadableOrders = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    const responder = new Responder(options);
    const intake = new JobIntake(options.transport, options.log);
    const slot = new JobSlot({ intake, responder, endedJobs: this.#endedJobs, log: options.log });
    this.#responder = responder;
    this.#intake = intake;
    this.#slot = slot;
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
    this.#handle(delivery).catch((error: unknown) => this.#logError(error, delivery.origin));
  }

  onDisconnected(): void {
    this.#endedJobs.onDisconnected();
  }

  onReconnected(): void {
    this.#options.blackList.load().catch((error: unknown) => this.#logError(error));
  }

  onOutboxFull(isFull: boolean): void {
    void (isFull ? this.#intake.hold("outbox") : this.#intake.release("outbox"));
  }

  /** Resolves when no job is in progress. An initialised job that was not started does not count. */
  async idle(): Promise<void> {
    const current = this.#slot.current;
    if (current && current.phases.current !== "initialised") await current.done;
  }

  /**
   * Takes no more jobs. The current job may finish within `finishMs`; then it is asked to stop for this cause, and
   * terminated after the shutdown grace.
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
    this.#handleReport(report).catch((error: unknown) => this.#logError(error));
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

  async #handle(delivery: Delivery): Promise<void> {
    let order: Order;
    try {
      order = decodeOrder(delivery.body);
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
        return this.#update(order, delivery);
      case "stop_process":
        return this.#stopJob(order, delivery);
      case "reached_expiration":
        if (this.#slot.current?.id === order.job_id) return this.#reject(delivery, "this job is in progress here");
        return this.#answerError(order, delivery, "Job TTL has been reached.");
      default:
        return this.workerOrders.handle(order, delivery);
    }
  }

  async #answerUnreadable(delivery: Delivery, error: unknown): Promise<void> {
    const message = messageOf(error);
    this.#unreadableOrders++;
    this.#options.log.error(`${delivery.origin}: not an order: ${message}`);
    const jobId = error instanceof OrderError ? error.jobId : undefined;
    // A malformed message about the current job must not end it.
    if (jobId !== undefined && jobId !== this.#slot.current?.id) await this.#responder.error(jobId, message);
    await delivery.settle("acknowledge");
  }

  async #begin(order: OrderOf<"job" | "init_process">, delivery: Delivery): Promise<void> {
    const { thread, settings, blackList } = this.#options;
    const { current } = this.#slot;
    const settled = this.#endedJobs.settleRedelivered(order.job_id, delivery, current);
    if (settled) return void (await settled);
    if (current || !this.#intake.isOpenTo(delivery)) return this.#turnAway(order, delivery);
    if (delivery.deaths > settings.maxDeaths || delivery.softRejects > settings.maxSoftRejects)
      return this.#answerError(order, delivery, "Job TTL has been reached.");
    if (blackList.has(order.job_id)) {
      await blackList.drop(order.job_id);
      return void (await delivery.settle("acknowledge"));
    }
    const job = this.#slot.begin(order, delivery);
    thread.post({ kind: job.phases.initialisedFirst ? "initialise" : "run", serial: job.serial, order });
    if (!job.phases.initialisedFirst) this.#stopper.startTimeout(job);
  }

  async #turnAway(order: JobOrder, delivery: Delivery): Promise<void> {
    const { current } = this.#slot;
    // A file of a local run cannot wait for an initialised job: its start could only come from a later file.
    const isBlocked = delivery.direct && current !== undefined && !current.isStarted;
    if (delivery.canRequeue && !isBlocked) return void (await delivery.settle("requeue"));
    if (current?.id === order.job_id) return this.#reject(delivery, "this job is in progress here");
    const reason = current ? "an another job is already in progress" : "the worker does not accept jobs now";
    return this.#answerError(order, delivery, `Cannot initialize this job, ${reason}.`);
  }

  async #start(order: OrderOf<"start_process">, delivery: Delivery): Promise<void> {
    const { current } = this.#slot;
    if (current?.id === order.job_id && (current.isStarted || current.isEnding))
      return this.#reject(delivery, "the job has already been started");
    if (!current || current.isStarted) return this.#answerError(order, delivery, "Cannot start a not initialized job.");
    if (current.id !== order.job_id)
      return this.#answerError(order, delivery, "The Job ID is not the same as the initialized job.");
    current.hold(delivery, "started");
    if (current.phases.current === "initialised") current.phases.enter("starting");
    this.#stopper.startTimeout(current);
    this.#options.thread.post({ kind: "start", serial: current.serial, order });
  }

  async #update(order: OrderOf<"update_process">, delivery: Delivery): Promise<void> {
    const { current } = this.#slot;
    if (!current || current.isEnding) return this.#reject(delivery, "Cannot update a non-running job.");
    if (current.id !== order.job_id) return this.#reject(delivery, "The Job ID is not the same as the current job.");
    current.hold(delivery, "updated");
    this.#options.thread.post({ kind: "update", serial: current.serial, order });
  }

  async #stopJob(order: OrderOf<"stop_process">, delivery: Delivery): Promise<void> {
    const { current } = this.#slot;
    if (!current) return this.#reject(delivery, "there is no current job");
    if (current.id !== order.job_id) return this.#reject(delivery, "The Job ID is not the same as the current job.");
    const isFirst = !current.holds("stopped");
    current.hold(delivery, "stopped");
    if (isFirst && !current.isEnding) await this.#stopper.stop(current, "order", this.#options.settings.stopGraceMs);
  }

  async #answerError(order: JobOrder, delivery: Delivery, message: string): Promise<void> {
    await this.#responder.error(order.job_id, message);
    await delivery.settle("acknowledge");
  }

  async #reject(delivery: Delivery, reason: string): Promise<void> {
    this.#options.log.warn(`${delivery.origin}: order rejected: ${reason}`);
    await delivery.settle("reject");
  }

  async #handleReport(report: Report): Promise<void> {
    const { current } = this.#slot;
    if (!current || !("serial" in report) || report.serial !== current.serial || current.isEnding) return;
    switch (report.kind) {
      case "initialised":
        return this.#onInitialised(current);
      case "started":
        return this.#onStarted(current);
      case "progression":
        current.lastProgressAt = performance.now();
        return this.#responder.progress(current, report.percent);
      case "updated":
        await this.#responder.updated(current, report.message);
        return current.acknowledge("updated");
      case "ended":
        return this.#slot.end(current, report.end);
    }
  }

  async #onInitialised(current: CurrentJob): Promise<void> {
    current.phases.enter("initialised");
    const answered = this.#responder.publish("worker_initialized", current.toResult());
    if (current.holds("started")) current.phases.enter("starting");
    await answered;
    await current.acknowledge("initialised");
  }

  async #onStarted(current: CurrentJob): Promise<void> {
    current.phases.enter("running");
    const isAnnounced = this.#options.hasInitProcess || current.phases.initialisedFirst;
    const announced = isAnnounced ? this.#responder.publish("worker_started", current.toResult()) : undefined;
    const progressed = this.#responder.progress(current, 0);
    await announced;
    await current.acknowledge("started");
    await progressed;
  }

  #logError(error: unknown, origin = "the worker"): void {
    this.#options.log.error(`${origin}: ${messageOf(error)}`);
  }
}
