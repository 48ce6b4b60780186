const closed = 0;
const inside = 1;

/**
 * Lets a thread end only while the inference thread is in JavaScript. A thread takes those that it started with it, and
 * one that is ended within onnxruntime-node brings down the whole process, before anybody is told of the job's error.
 */
export class ExitGate {
  /** Shared by both threads. */
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Makes native calls, unless the gate is closed. */
  async pass<Value>(call: () => Promise<Value>): Promise<Value> {
    Atomics.store(this.#words, inside, 1);
    try {
      if (Atomics.load(this.#words, closed) === 1) throw new Error("The thread that asked has ended");
      return await call();
    } finally {
      Atomics.store(this.#words, inside, 0);
      Atomics.notify(this.#words, inside);
    }
  }

  /** Closes the gate, and waits for whoever is inside, for a second at most. */
  close(): void {
    Atomics.store(this.#words, closed, 1);
    Atomics.wait(this.#words, inside, 1, 1000);
  }
}
