const closed = 0;
const inside = 1;

/**
 * Lets a thread end only while the inference thread runs JavaScript. A thread that ends also ends the threads that it started,
 * and a thread that is ended within onnxruntime-node aborts the whole process, before the error of the job is reported.
 */
export class ExitGate {
  /** Shared by both threads. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Makes native calls. @throws An error if the gate is closed. */
  async pass<Value>(call: () => Promise<Value>): Promise<Value> {
    Atomics.store(this.#words, inside, 1);
    try {
      if (Atomics.load(this.#words, closed) === 1) throw new Error("The calling thread has ended");
      return await call();
    } finally {
      Atomics.store(this.#words, inside, 0);
      Atomics.notify(this.#words, inside);
    }
  }

  /** Closes the gate, and waits up to one second for the current call. */
  close(): void {
    Atomics.store(this.#words, closed, 1);
    Atomics.wait(this.#words, inside, 1, 1000);
  }
}
