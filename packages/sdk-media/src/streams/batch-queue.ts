/** How many bytes of frames may wait for their handler; one batch may always. */
const maxWaitingBytes = 48 * 1024 * 1024;

interface Batch {
  readonly sizeBytes: number;
  /** Gives a promise only if it takes time. */
  readonly handle: () => Promise<void> | undefined;
  /** Called once, whatever happened; may throw. */
  readonly release: () => void;
  /** If given, the next batch need not wait for `handle`, but only for this; must not reject. */
  readonly pace?: () => Promise<void> | undefined;
}

/**
 * Hands batches to their handlers, one after another, in the order of the source, while the decoder goes on. The decoder
 * waits when too many bytes wait; a batch with a pace of its own is handled beside those that follow. A handler that fails
 * ends the job. What need not wait costs no promise, which for sound would be much.
 */
export class BatchQueue {
  /** How many batches were dropped. */
  dropped = 0;
  readonly #checkStop: () => void;
  readonly #onFailure: () => void;
  readonly #maxWaiting: number;
  readonly #waiting: Batch[] = [];
  #waitingBytes = 0;
  /** Works while a handler takes time. */
  #worker: Promise<void> | undefined;
  #step: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Batches that are handled beside the next ones. */
  readonly #concurrent = new Set<Promise<void>>();

  /**
   * @param checkStop - Throws if the job is to stop; asked between batches.
   * @param onFailure - Called when a handler threw, so that nobody waits for what comes next.
   * @param maxWaiting - How many batches may wait; for each more the oldest is dropped. @default none is
   */
  constructor(checkStop: () => void, onFailure: () => void, maxWaiting = Number.POSITIVE_INFINITY) {
    this.#checkStop = checkStop;
    this.#onFailure = onFailure;
    this.#maxWaiting = maxWaiting;
  }

  /** Adds a batch; gives a promise only if there is no room for more. @throws What a handler threw before. */
  put(batch: Batch): Promise<void> | undefined {
    this.#waitingBytes += batch.sizeBytes;
    if (this.#worker) {
      this.#waiting.push(batch);
      if (this.#waiting.length > this.#maxWaiting) this.#drop();
    } else {
      this.#step = this.#handle(batch);
      if (this.#step) this.#worker = this.#work();
    }
    this.#throwFailure();
    return this.#isFull ? this.#waitForRoom() : undefined;
  }

  /** Waits until all batches are handled. @throws What a handler threw. */
  async drained(): Promise<void> {
    await this.#worker;
    await Promise.all(this.#concurrent);
    this.#throwFailure();
  }

  /** Lets go of all that waits; resolves when the handlers that work have ended, and never rejects. */
  async close(): Promise<void> {
    for (const batch of this.#waiting.splice(0)) {
      batch.release();
      this.#waitingBytes -= batch.sizeBytes;
    }
    await this.#worker;
    await Promise.all(this.#concurrent);
  }

  get #isFull(): boolean {
    return this.#waitingBytes > maxWaitingBytes && (this.#worker !== undefined || this.#concurrent.size > 0);
  }

  #drop(): void {
    const oldest = this.#waiting.shift();
    if (oldest) this.#release(oldest);
    this.dropped++;
  }

  async #waitForRoom(): Promise<void> {
    while (this.#isFull) await (this.#worker ? this.#step : Promise.race(this.#concurrent));
    this.#throwFailure();
  }

  async #work(): Promise<void> {
    await this.#step;
    for (let batch = this.#waiting.shift(); batch; batch = this.#waiting.shift()) {
      this.#step = this.#handle(batch);
      await this.#step;
    }
    this.#worker = undefined;
  }

  #handle(batch: Batch): Promise<void> | undefined {
    try {
      if (!this.#failure) {
        this.#checkStop();
        const handling = batch.handle();
        if (handling && batch.pace) {
          this.#runConcurrently(this.#settle(handling, batch));
          return batch.pace();
        }
        if (handling) return this.#settle(handling, batch);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#release(batch);
    return undefined;
  }

  #runConcurrently(handling: Promise<void>): void {
    this.#concurrent.add(handling);
    void handling.then(() => this.#concurrent.delete(handling));
  }

  async #settle(handling: Promise<void>, batch: Batch): Promise<void> {
    try {
      await handling;
    } catch (error) {
      this.#fail(error);
    }
    this.#release(batch);
  }

  #release(batch: Batch): void {
    this.#waitingBytes -= batch.sizeBytes;
    try {
      batch.release();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = { error };
    this.#onFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
