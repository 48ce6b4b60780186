import { decodeOrder, maxOrderBytes } from "../order/decode.ts";
import type { OrderOf, Parameter } from "../order/order.ts";
import type { Receipt } from "../transport/transport.ts";

/** While this many answers are not confirmed, no update is handed over. */
const maxUnconfirmedAnswers = 32;

/** The limits of the updates that wait for the job thread. */
export interface UpdateLimits {
  /** MCAI_MAX_PENDING_UPDATES. */
  readonly maxPendingUpdates: number;
  /** MCAI_MAX_PENDING_UPDATE_BYTES. */
  readonly maxPendingUpdateBytes: number;
}

/** An update that waits. The bytes are kept, since they take less memory than the order. */
interface PendingUpdate {
  readonly body: Uint8Array;
  readonly delivery: Receipt;
}

/**
 * The `update_process` orders of one job. The job thread has one at a time; those that arrive meanwhile wait, and are merged
 * into one order. If that order fails, they are handed over one by one.
 */
export class PendingUpdates {
  readonly #limits: UpdateLimits;
  readonly #handOver: (order: OrderOf<"update_process">) => void;
  #inThread: readonly PendingUpdate[] | undefined;
  #waiting: PendingUpdate[] = [];
  /** The orders of a merge that failed. */
  #separate: PendingUpdate[] = [];
  #count = 0;
  #sizeBytes = 0;
  #unconfirmed = 0;

  /** @param handOver - Sends an order to the job thread, which answers each. */
  constructor(limits: UpdateLimits, handOver: (order: OrderOf<"update_process">) => void) {
    this.#limits = limits;
    this.#handOver = handOver;
  }

  /**
   * Hands an update over, or keeps it until the thread can take it.
   *
   * @returns Why it is refused; undefined if it is not.
   */
  add(order: OrderOf<"update_process">, body: Uint8Array, delivery: Receipt): string | undefined {
    const { maxPendingUpdates, maxPendingUpdateBytes } = this.#limits;
    if (this.#canHandOver && this.#count === 0) {
      this.#inThread = [{ body: new Uint8Array(), delivery }];
      this.#handOver(order);
      return undefined;
    }
    if (this.#count >= maxPendingUpdates)
      return `Cannot update the job: ${this.#count} updates wait until it takes them (MCAI_MAX_PENDING_UPDATES).`;
    if (this.#sizeBytes + body.length > maxPendingUpdateBytes)
      return `Cannot update the job: with this one, the updates that wait until it takes them would have ${this.#sizeBytes + body.length} bytes (MCAI_MAX_PENDING_UPDATE_BYTES: ${maxPendingUpdateBytes}).`;
    this.#count++;
    this.#sizeBytes += body.length;
    // A copy, because the body may be a small part of what was read from the connection.
    this.#waiting.push({ body: Buffer.from(body), delivery });
    return undefined;
  }

  /**
   * Takes the thread's answer.
   *
   * @returns The deliveries that the answer is for; none if it is not to be published, because a merge has failed.
   */
  onAnswer(failed: boolean): readonly Receipt[] {
    const answered = this.#inThread;
    if (!answered) return [];
    this.#inThread = undefined;
    if (failed && answered.length > 1) {
      this.#separate = [...answered];
      this.#next();
      return [];
    }
    for (const { body } of answered) this.#release(body);
    this.#unconfirmed++;
    this.#next();
    return answered.map(({ delivery }) => delivery);
  }

  /** The answer that was taken is confirmed. */
  onConfirmed(): void {
    this.#unconfirmed--;
    this.#next();
  }

  /** Removes all updates that are not answered, and returns their deliveries. */
  clear(): Receipt[] {
    const left = [...(this.#inThread ?? []), ...this.#separate, ...this.#waiting];
    this.#inThread = undefined;
    this.#separate = [];
    this.#waiting = [];
    this.#count = 0;
    this.#sizeBytes = 0;
    return left.map(({ delivery }) => delivery);
  }

  get #canHandOver(): boolean {
    return !this.#inThread && this.#unconfirmed < maxUnconfirmedAnswers;
  }

  #next(): void {
    if (!this.#canHandOver || this.#count === 0) return;
    const separate = this.#separate.shift();
    const batch = separate ? [separate] : this.#takeBatch();
    this.#inThread = batch;
    this.#handOver(merge(batch.map(({ body }) => body)));
  }

  // As many as fit into one order.
  #takeBatch(): PendingUpdate[] {
    let sizeBytes = 0;
    const end = this.#waiting.findIndex(({ body }, index) => {
      sizeBytes += body.length;
      return index > 0 && sizeBytes > maxOrderBytes;
    });
    return this.#waiting.splice(0, end < 0 ? this.#waiting.length : end);
  }

  #release(body: Uint8Array): void {
    // The first update was handed over at once and never counted.
    if (body.length === 0) return;
    this.#count--;
    this.#sizeBytes -= body.length;
  }
}

// Of two parameters with the same id the later one is used, as in a single order.
function merge(bodies: readonly Uint8Array[]): OrderOf<"update_process"> {
  const orders = bodies.map((body) => decodeOrder(body) as OrderOf<"update_process">);
  const parameters = new Map<string, Parameter>();
  for (const order of orders) for (const parameter of order.parameters) parameters.set(parameter.id, parameter);
  return { ...(orders[0] as OrderOf<"update_process">), parameters: [...parameters.values()] };
}
