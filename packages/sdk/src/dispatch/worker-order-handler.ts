import type { JobOrder, Order } from "../order/order.ts";
import type { ResponseBodies } from "../response/response.ts";
import type { Delivery, Transport } from "../transport/transport.ts";
import type { BlackList } from "./black-list.ts";
import type { CurrentJob } from "./current-job.ts";
import type { Responder } from "./responder.ts";

/** What a {@link WorkerOrderHandler} is made of. */
export interface WorkerOrderHandlerOptions {
  readonly transport: Transport;
  readonly responder: Responder;
  readonly blackList: BlackList;
  /** The job in hand. */
  readonly current: () => CurrentJob | undefined;
  /** A `stop_worker` came in. */
  readonly onStopWorker: () => void;
  /** Takes jobs again, if nothing else is in the way. */
  readonly resume: () => Promise<void>;
}

/** An order that is about the worker, and no job. */
export type WorkerOrder = Exclude<Order, JobOrder>;

/** Does the orders that are about the worker: they need no job thread. */
export class WorkerOrderHandler {
  /** Whether jobs are to stay in the queue. */
  suspended = false;
  readonly #options: WorkerOrderHandlerOptions;
  readonly #stopWorkers: Delivery[] = [];

  constructor(options: WorkerOrderHandlerOptions) {
    this.#options = options;
  }

  async handle(order: WorkerOrder, delivery: Delivery): Promise<void> {
    const { transport, responder, blackList, onStopWorker, resume } = this.#options;
    switch (order.type) {
      case "stop_worker":
        this.#stopWorkers.push(delivery);
        return onStopWorker();
      case "stop_consuming_jobs":
        this.suspended = true;
        await transport.consume(false);
        await this.#answerStatus();
        break;
      case "resume_consuming_jobs":
        this.suspended = false;
        await this.#answerStatus();
        await delivery.settle("acknowledge");
        return resume();
      case "status":
        await this.#answerStatus();
        break;
      case "add_to_black_list":
        blackList.add(order.job_id);
        break;
      case "delete_from_black_list":
        blackList.delete(order.job_id);
        break;
      case "get_black_list":
        await responder.blackList(await blackList.read());
        break;
      case "sync_black_list":
        await blackList.sync();
        break;
    }
    await delivery.settle("acknowledge");
  }

  /** Says that the worker is there. */
  sayHello(): Promise<void> {
    return this.#options.responder.sayConfiguration("worker_created");
  }

  /** Says that the worker goes, and settles the orders that told it to. */
  async sayGoodbye(): Promise<void> {
    await this.#options.responder.sayConfiguration("worker_terminated");
    await Promise.all(this.#stopWorkers.map((delivery) => delivery.settle("acknowledge")));
  }

  /** What a `worker_status` says. */
  describeStatus(): ResponseBodies["worker_status"] {
    const current = this.#options.current();
    return this.#options.responder.describeStatus(current, this.suspended ? "Suspended" : current ? "Busy" : "Idle");
  }

  #answerStatus(): Promise<void> {
    return this.#options.responder.publish("worker_status", this.describeStatus());
  }
}
