/** A thread that is terminated while it holds the lock never releases it. */
const maxHeldMs = 1000;

const free = 0;
const held = 1;
const awaited = 2;

/** A lock between the threads of this process. It is held for single system calls only, and never while waiting. */
export class SharedLock {
  readonly buffer: SharedArrayBuffer;
  readonly #state: Int32Array;

  constructor(buffer = new SharedArrayBuffer(4)) {
    this.buffer = buffer;
    this.#state = new Int32Array(buffer);
  }

  /** Runs the action while no other thread is in `hold`. */
  hold<Result>(action: () => Result): Result {
    this.#acquire();
    try {
      return action();
    } finally {
      if (Atomics.exchange(this.#state, 0, free) === awaited) Atomics.notify(this.#state, 0, 1);
    }
  }

  #acquire(): void {
    if (Atomics.compareExchange(this.#state, 0, free, held) === free) return;
    const deadline = performance.now() + maxHeldMs;
    while (Atomics.exchange(this.#state, 0, awaited) !== free) {
      const remainingMs = deadline - performance.now();
      if (remainingMs <= 0) return;
      Atomics.wait(this.#state, 0, awaited, remainingMs);
    }
  }
}
