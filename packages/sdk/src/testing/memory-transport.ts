import { fitMessage } from "../transport/fit-message.ts";
import type { Delivery, Message, Settlement, Transport, TransportListener } from "../transport/transport.ts";

/** Options of a message that is delivered by a {@link MemoryTransport}. */
export interface MemoryDeliveryOptions {
  /** Whether it goes to this worker directly rather than through the job queue. @default false */
  readonly direct?: boolean;
  /** Whether it was delivered before, to a worker that was lost. @default false */
  readonly redelivered?: boolean;
  /** How often it was dead-lettered. @default 0 */
  readonly deaths?: number;
  /** How often it was delayed. @default 0 */
  readonly softRejects?: number;
  /** Whether a job that is postponed or lacks a requirement is delayed; otherwise it ends in an error. @default true */
  readonly canDelay?: boolean;
}

interface Waiting {
  readonly body: Uint8Array;
  readonly options: MemoryDeliveryOptions;
  readonly settled: (how: Settlement) => void;
}

/** A transport without a broker: a job queue with one consumer and prefetch 1, and a direct queue. */
export class MemoryTransport implements Transport {
  /** Everything that was published, in order. */
  readonly published: Message[] = [];
  /** Called for each published message. */
  onPublish: (message: Message) => void = () => undefined;
  readonly #jobs: Waiting[] = [];
  readonly #direct: Waiting[] = [];
  #listener: TransportListener | undefined;
  #consuming = false;
  #busy = false;
  readonly #maxResponseBytes: number | undefined;

  /** @param maxResponseBytes - The maximum size of a response. @default unlimited */
  constructor(maxResponseBytes?: number) {
    this.#maxResponseBytes = maxResponseBytes;
  }

  /** Puts a message into the job queue or the direct queue. Resolves with its final settlement. */
  deliver(body: Uint8Array, options: MemoryDeliveryOptions = {}): Promise<Exclude<Settlement, "requeue">> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        body,
        options,
        settled: (how) => (how === "requeue" ? this.#put(waiting, true) : resolve(how)),
      };
      this.#put(waiting, false);
    });
  }

  async start(listener: TransportListener): Promise<void> {
    this.#listener = listener;
    this.#pump();
  }

  async consume(jobs: boolean): Promise<void> {
    this.#consuming = jobs;
    this.#pump();
  }

  async publish(message: Message): Promise<void> {
    const fitting = fitMessage(message, this.#maxResponseBytes);
    if (!fitting) return;
    this.published.push(fitting);
    this.onPublish(fitting);
  }

  async stop(): Promise<void> {
    this.#listener = undefined;
  }

  #put(waiting: Waiting, first: boolean): void {
    const queue = waiting.options.direct ? this.#direct : this.#jobs;
    if (first) queue.unshift(waiting);
    else queue.push(waiting);
    this.#pump();
  }

  #pump(): void {
    const listener = this.#listener;
    if (!listener) return;
    for (const waiting of this.#direct.splice(0)) listener.onDelivery(this.#toDelivery(waiting, () => undefined));
    if (!this.#consuming || this.#busy) return;
    const next = this.#jobs.shift();
    if (!next) return;
    this.#busy = true;
    listener.onDelivery(
      this.#toDelivery(next, () => {
        this.#busy = false;
        this.#pump();
      }),
    );
  }

  #toDelivery({ body, options, settled }: Waiting, after: () => void): Delivery {
    const { direct = false, redelivered = false, deaths = 0, softRejects = 0, canDelay = true } = options;
    let open = true;
    return {
      body,
      origin: direct ? "the direct queue" : "the job queue",
      direct,
      canRequeue: !direct,
      redelivered,
      canCountDeath: !direct,
      deaths,
      softRejects,
      attempt: deaths + softRejects + 1,
      canDelay,
      settle: async (how) => {
        if (!open) throw new Error("settled twice");
        open = false;
        settled(how);
        after();
        return true;
      },
    };
  }
}
