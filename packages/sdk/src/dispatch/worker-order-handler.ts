import type { JobOrder, Order } from "../order/order.ts";
import type { ResponseBodies } from "../response/response.ts";
import type { Receipt } from "../transport/transport.ts";
import { SameAnswer } from "./answers.ts";
import type { BlackList } from "./black-list.ts";
import type { JobIntake } from "./job-intake.ts";
import type { JobSlot } from "./job-slot.ts";
import type { Responder } from "./responder.ts";

/** Options of a {@link WorkerOrderHandler}. */
export interface WorkerOrderHandlerOptions {
  readonly intake: JobIntake;
  readonly slot: JobSlot;
  readonly responder: Responder;
  readonly blackList: BlackList;
  /** Called for a `stop_worker`. */
  readonly onStopWorker: () => void;
}

/** An order about the worker rather than a job. */
export type WorkerOrder = Exclude<Order, JobOrder>;

/** Carries out the orders about the worker, which need no job thread. */
export class WorkerOrderHandler {
  readonly #options: WorkerOrderHandlerOptions;
  readonly #status: SameAnswer;
  readonly #blackList: SameAnswer;
  readonly #sync: SameAnswer;
  #stopWorker: Receipt | undefined;

  constructor(options: WorkerOrderHandlerOptions) {
    const { responder, blackList } = options;
    this.#options = options;
    this.#status = new SameAnswer(() => responder.publish("worker_status", this.describeStatus(), "worker_status"));
    this.#blackList = new SameAnswer(async () => responder.blackList(await blackList.read()));
    this.#sync = new SameAnswer(() => blackList.sync());
  }

  async handle(order: WorkerOrder, delivery: Receipt): Promise<void> {
    const { intake, blackList, onStopWorker } = this.#options;
    switch (order.type) {
      case "stop_worker":
        if (this.#stopWorker) break;
        this.#stopWorker = delivery;
        return onStopWorker();
      case "stop_consuming_jobs":
        await intake.hold("suspended");
        await this.#status.give();
        break;
      case "resume_consuming_jobs":
        // At once, since the next order may suspend again; jobs are taken after the answer, which none may overtake.
        intake.lift("suspended");
        await this.#status.give();
        await delivery.settle("acknowledge");
        return intake.resume();
      case "status":
        await this.#status.give();
        break;
      case "add_to_black_list":
        blackList.add(order.job_id);
        break;
      case "delete_from_black_list":
        blackList.delete(order.job_id);
        break;
      case "get_black_list":
        await this.#blackList.give();
        break;
      case "sync_black_list":
        await this.#sync.give();
        break;
    }
    await delivery.settle("acknowledge");
  }

  /** Publishes `worker_created`. */
  announceCreated(): Promise<void> {
    return this.#options.responder.announce("worker_created");
  }

  /** Publishes `worker_terminated`, then acknowledges the order that stopped the worker. */
  async announceTerminated(): Promise<void> {
    await this.#options.responder.announce("worker_terminated");
    await this.#stopWorker?.settle("acknowledge");
  }

  /** The body of a `worker_status`. */
  describeStatus(): ResponseBodies["worker_status"] {
    const { intake, slot, responder } = this.#options;
    const isSuspended = intake.isHeldBy("suspended");
    return responder.describeStatus(slot.current, isSuspended ? "Suspended" : slot.current ? "Busy" : "Idle");
  }
}
