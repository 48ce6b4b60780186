/** The maximum number of bytes of frames that wait for their handler; a single batch may exceed it. */
const maxWaitingBytes = 48 * 1024 * 1024;

interface Batch {
  readonly sizeBytes: number;
  /** Calls the handler. Returns a promise only if the handler is asynchronous. */
  readonly handle: () => Promise<void> | undefined;
  /** Releases the frames. Called exactly once, also after an error; may throw. */
  readonly release: () => void;
  /** If set, the next batch waits for this instead of `handle`; must not reject. */
  readonly pace?: () => Promise<void> | undefined;
}

/**
 * Calls handlers with batches, one after another in the order of the source, while the decoder continues. The decoder
 * pauses when too many bytes are waiting. A batch with its own `pace` is handled concurrently with those that follow.
 * If a handler fails, the job fails. Synchronous handlers need no promise, whose cost would be significant for audio.
 */
export class BatchQueue {
  /** The number of dropped batches. */
  dropped = 0;
  readonly #checkStop: () => void;
  readonly #onFailure: () => void;
  readonly #maxWaiting: number;
  readonly #waiting: Batch[] = [];
  #waitingBytes = 0;
  /** Set while batches are waiting for an asynchronous handler. */
  #worker: Promise<void> | undefined;
  #step: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  /** Batches that are handled concurrently with the next ones. */
  readonly #concurrent = new Set<Promise<void>>();

  /**
   * @param checkStop - Throws if the job was asked to stop; called before each batch.
   * @param onFailure - Called when a handler fails, so that pending reads of the source can be ended.
   * @param maxWaiting - The maximum number of waiting batches; when another one is added, the oldest is dropped.
   *   @default unlimited
   */
  constructor(checkStop: () => void, onFailure: () => void, maxWaiting = Number.POSITIVE_INFINITY) {
    this.#checkStop = checkStop;
    this.#onFailure = onFailure;
    this.#maxWaiting = maxWaiting;
  }

  /** Adds a batch. Returns a promise only if the queue is full. Throws the error of an earlier handler. */
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

  /** Resolves when all batches are handled; rejects with the error of a handler. */
  async drained(): Promise<void> {
    await this.#worker;
    await Promise.all(this.#concurrent);
    this.#throwFailure();
  }

  /** Releases all waiting batches; resolves when the running handlers have ended. Never rejects. */
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
