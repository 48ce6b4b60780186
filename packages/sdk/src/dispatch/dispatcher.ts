import { setTimeout as delay } from "node:timers/promises";
import type { Settings } from "../env.ts";
import { messageOf } from "../errors.ts";
import { decodeOrder, OrderError } from "../order/decode.ts";
import type { JobOrder, Order, OrderOf } from "../order/order.ts";
import type { JobThreadHandle, JobThreadListener } from "../thread-protocol/job-thread-handle.ts";
import type { Report, RunEnd } from "../thread-protocol/messages.ts";
import type { Delivery, TransportListener } from "../transport/transport.ts";
import type { BlackList } from "./black-list.ts";
import { CurrentJob } from "./current-job.ts";
import { EndedJobs } from "./ended-jobs.ts";
import { Responder, type ResponderOptions } from "./responder.ts";
import { Stopper } from "./stopper.ts";
import { WorkerOrderHandler } from "./worker-order-handler.ts";

/** What a {@link Dispatcher} is made of. */
export interface DispatcherOptions extends ResponderOptions {
  readonly thread: JobThreadHandle;
  /** Whether the worker has an `initProcess`: such a one says `worker_started` for every job. */
  readonly live: boolean;
  readonly settings: Pick<Settings, "deathLimit" | "softRejectLimit" | "jobTimeoutMs" | "stopGraceMs">;
  readonly blackList: BlackList;
  /** A `stop_worker` came in. */
  readonly onStopWorker: () => void;
  /** The job thread cannot go on. */
  readonly onFailure: (error: Error) => void;
}

/** How a worker goes down. */
export interface StopOptions {
  /** How long the current job may go on before it is asked to stop. */
  readonly finishMs: number;
  /** Why it is asked to stop then. */
  readonly reason: "order" | "drain";
  /** After which time a job that is deaf to that is ended with its thread. */
  readonly graceMs: number;
}

/**
 * Order × state → action: the main thread's side of every job. Owns the deliveries and the state of the current job.
 * docs/orders.md has the whole table.
 */
export class Dispatcher implements JobThreadListener, TransportListener {
  /** How many messages were no orders. */
  unreadable = 0;
  readonly responder: Responder;
  readonly #options: DispatcherOptions;
  readonly workerOrders: WorkerOrderHandler;
  readonly #ended = new EndedJobs();
  readonly #stopper: Stopper;
  #current: CurrentJob | undefined;
  #serial = 0;
  #draining = false;
  #threadReady = true;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.responder = new Responder(options);
    this.workerOrders = new WorkerOrderHandler({
      ...options,
      responder: this.responder,
      current: () => this.#current,
      resume: () => this.#consumeIfFree(),
    });
    this.#stopper = new Stopper({
      ...options,
      isDraining: () => this.#draining,
      end: (current, end) => {
        this.#threadReady = false;
        return this.#end(current, end);
      },
    });
  }

  /** Takes jobs from now on, but for those of the black list. */
  async start(): Promise<void> {
    await this.#options.blackList.load();
    await this.#consumeIfFree();
  }

  /** Takes a delivery. It is done, answered, given back or refused; nothing is thrown. */
  onDelivery(delivery: Delivery): void {
    this.#handle(delivery).catch((error: unknown) => this.#logError(error, delivery.origin));
  }

  onDisconnected(): void {
    this.#ended.onDisconnected();
  }

  onReconnected(): void {
    this.#options.blackList.load().catch((error: unknown) => this.#logError(error));
  }

  /** Resolves when no job is being worked on. One that only was initialised counts as none. */
  async idle(): Promise<void> {
    if (this.#current && this.#current.status !== "ready_to_start") await this.#current.done;
  }

  /** Takes no more jobs and lets the current one end, or ends it. */
  async stop({ finishMs, reason, graceMs }: StopOptions): Promise<void> {
    this.#draining = true;
    this.#options.blackList.close();
    // A broker that does not answer must not hold the worker; a job that slips in is given back.
    this.#stopConsuming();
    if (finishMs > 0) await Promise.race([this.idle(), delay(finishMs, undefined, { ref: false })]);
    if (this.#current) await this.#stopper.stop(this.#current, reason, graceMs);
  }

  /** Whether jobs can be done now: the thread is set up, and the worker stays. */
  get isTakingJobs(): boolean {
    return this.#threadReady && !this.#draining;
  }

  /** How long the job in hand has reported no progress; undefined if there is none that runs. */
  get jobSilentMs(): number | undefined {
    return this.#current?.status === "processing" ? performance.now() - this.#current.heardMs : undefined;
  }

  report(report: Report): void {
    this.#takeReport(report).catch((error: unknown) => this.#logError(error));
  }

  lost(why: string): void {
    this.#options.log.error(why);
    this.#threadReady = false;
    this.#stopConsuming();
    if (!this.#current || this.#current.ended) return;
    this.#end(this.#current, { status: "error", message: why }).catch((error: unknown) => this.#logError(error));
  }

  recovered(): void {
    this.#threadReady = true;
    this.#consumeIfFree().catch((error: unknown) => this.#logError(error));
  }

  failed(error: Error): void {
    this.#options.onFailure(error);
  }

  async #handle(delivery: Delivery): Promise<void> {
    let order: Order;
    try {
      order = decodeOrder(delivery.body);
    } catch (error) {
      return this.#unreadable(delivery, error);
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
        return this.#stopOrdered(order, delivery);
      case "reached_expiration":
        if (this.#current?.id === order.job_id) return this.#refuse(delivery, "the worker has this job in hand");
        return this.#answerError(order, delivery, "Job TTL has been reached.");
      default:
        return this.workerOrders.handle(order, delivery);
    }
  }

  async #unreadable(delivery: Delivery, error: unknown): Promise<void> {
    const message = messageOf(error);
    this.unreadable++;
    this.#options.log.error(`${delivery.origin}: not an order: ${message}`);
    const jobId = error instanceof OrderError ? error.jobId : undefined;
    // A broken message about the job in hand must not end it.
    if (jobId !== undefined && jobId !== this.#current?.id) await this.responder.error(jobId, message);
    await delivery.settle("acknowledge");
  }

  async #begin(order: OrderOf<"job" | "init_process">, delivery: Delivery): Promise<void> {
    const { thread, settings, blackList } = this.#options;
    if (await this.#ended.settleAgain(order.job_id, delivery, this.#current)) return;
    const closed = this.#draining || (this.workerOrders.suspended && !delivery.direct) || !this.#threadReady;
    if (this.#current || closed) {
      if (delivery.canRequeue) return void (await delivery.settle("requeue"));
      if (this.#current?.id === order.job_id) return this.#refuse(delivery, "the worker has this job in hand");
      const why = this.#current ? "an another job is already in progress" : "the worker takes no jobs now";
      return this.#answerError(order, delivery, `Cannot initialize this job, ${why}.`);
    }
    if (delivery.deaths > settings.deathLimit || delivery.softRejects > settings.softRejectLimit)
      return this.#answerError(order, delivery, "Job TTL has been reached.");
    if (blackList.has(order.job_id)) {
      await blackList.drop(order.job_id);
      return void (await delivery.settle("acknowledge"));
    }
    const live = order.type === "init_process";
    const serial = ++this.#serial;
    // First of all: the thread begins while the rest is done.
    thread.post({ kind: live ? "initialise" : "run", serial, order });
    const current = new CurrentJob(order.job_id, serial, live);
    this.#current = current;
    current.keep(delivery, live ? "initialised" : "ended");
    if (live) this.#stopConsuming();
    else this.#stopper.limit(current);
  }

  async #start(order: OrderOf<"start_process">, delivery: Delivery): Promise<void> {
    const current = this.#current;
    const runs = current?.status === "processing" || current?.holds("started") || current?.live === false;
    if (current?.id === order.job_id && (runs || current.ended))
      return this.#refuse(delivery, "the job was started before");
    if (!current || runs) return this.#answerError(order, delivery, "Cannot start a not initialized job.");
    if (current.id !== order.job_id)
      return this.#answerError(order, delivery, "The Job ID is not the same as the initialized job.");
    current.keep(delivery, "started");
    this.#stopper.limit(current);
    this.#options.thread.post({ kind: "start", serial: current.serial, order });
  }

  async #update(order: OrderOf<"update_process">, delivery: Delivery): Promise<void> {
    const current = this.#current;
    if (!current || current.ended) return this.#refuse(delivery, "Cannot update a non-running job.");
    if (current.id !== order.job_id) return this.#refuse(delivery, "The Job ID is not the same as the current job.");
    current.keep(delivery, "updated");
    this.#options.thread.post({ kind: "update", serial: current.serial, order });
  }

  async #stopOrdered(order: OrderOf<"stop_process">, delivery: Delivery): Promise<void> {
    const current = this.#current;
    if (!current) return this.#refuse(delivery, "no job runs");
    if (current.id !== order.job_id) return this.#refuse(delivery, "The Job ID is not the same as the current job.");
    const first = !current.holds("stopped");
    current.keep(delivery, "stopped");
    if (first && !current.ended) await this.#stopper.stop(current, "order", this.#options.settings.stopGraceMs);
  }

  async #answerError(order: JobOrder, delivery: Delivery, message: string): Promise<void> {
    await this.responder.error(order.job_id, message);
    await delivery.settle("acknowledge");
  }

  async #refuse(delivery: Delivery, why: string): Promise<void> {
    this.#options.log.warn(`${delivery.origin}: order refused: ${why}`);
    await delivery.settle("reject");
  }

  async #takeReport(report: Report): Promise<void> {
    const current = this.#current;
    if (!current || !("serial" in report) || report.serial !== current.serial || current.ended) return;
    switch (report.kind) {
      case "initialised":
        current.status = "ready_to_start";
        await this.responder.publish("worker_initialized", current.toResult());
        return current.acknowledge("initialised");
      case "started":
        return this.#started(current);
      case "progression":
        current.heardMs = performance.now();
        return this.responder.progress(current, report.percent);
      case "updated":
        await this.responder.updated(current, report.message);
        return current.acknowledge("updated");
      case "ended":
        return this.#end(current, report.end);
    }
  }

  async #started(current: CurrentJob): Promise<void> {
    current.status = "processing";
    const announced = this.#options.live || current.live;
    const started = announced ? this.responder.publish("worker_started", current.toResult()) : undefined;
    const progressed = this.responder.progress(current, 0);
    await started;
    await current.acknowledge("started");
    await progressed;
  }

  async #end(current: CurrentJob, end: RunEnd): Promise<void> {
    current.ended = true;
    const settlement = await this.responder.end(current, end);
    this.#current = undefined;
    if (settlement === "acknowledge") this.#ended.add(current.id, false);
    const told = await current.settle(settlement);
    if (settlement === "acknowledge") this.#ended.add(current.id, told);
    await this.#consumeIfFree();
  }

  async #consumeIfFree(): Promise<void> {
    if (this.#current || this.workerOrders.suspended || this.#draining || !this.#threadReady) return;
    await this.#options.transport.consume(true);
  }

  #stopConsuming(): void {
    this.#options.transport.consume(false).catch((error: unknown) => this.#logError(error));
  }

  #logError(error: unknown, origin = "the worker"): void {
    this.#options.log.error(`${origin}: ${messageOf(error)}`);
  }
}
