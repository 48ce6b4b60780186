/** How many bytes of frames may wait for their handler; one batch may always. */
const maxWaitingBytes = 48 * 1024 * 1024;

interface Batch {
  readonly sizeBytes: number;
  readonly handle: () => Promise<void>;
  /** Called once, whatever happened; may throw. */
  readonly release: () => void;
}

/**
 * Hands batches to their handlers, one after another, in the order of the source, while the decoder goes on. The decoder
 * waits when too many bytes wait; a handler that fails ends the job.
 */
export class BatchQueue {
  readonly #checkStop: () => void;
  readonly #waiting: Batch[] = [];
  #waitingBytes = 0;
  #worker: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;

  /** @param checkStop - Throws if the job is to stop; asked between batches. */
  constructor(checkStop: () => void) {
    this.#checkStop = checkStop;
  }

  /** Adds a batch. @throws What a handler threw before. */
  async put(batch: Batch): Promise<void> {
    this.#waiting.push(batch);
    this.#waitingBytes += batch.sizeBytes;
    this.#worker ??= this.#work();
    while (this.#waitingBytes > maxWaitingBytes && this.#worker) await this.#step;
    this.#throwFailure();
  }

  /** Waits until all batches are handled. @throws What a handler threw. */
  async drained(): Promise<void> {
    await this.#worker;
    this.#throwFailure();
  }

  /** Lets go of all that waits; resolves when the handler that works has ended, and never rejects. */
  async close(): Promise<void> {
    for (const batch of this.#waiting.splice(0)) {
      batch.release();
      this.#waitingBytes -= batch.sizeBytes;
    }
    await this.#worker;
  }

  #step: Promise<void> = Promise.resolve();

  async #work(): Promise<void> {
    for (let batch = this.#waiting.shift(); batch; batch = this.#waiting.shift()) {
      this.#step = this.#handle(batch);
      await this.#step;
    }
    this.#worker = undefined;
  }

  async #handle(batch: Batch): Promise<void> {
    try {
      if (!this.#failure) {
        this.#checkStop();
        await batch.handle();
      }
    } catch (error) {
      this.#failure = { error };
    }
    this.#waitingBytes -= batch.sizeBytes;
    try {
      batch.release();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
