import { isMainThread } from "node:worker_threads";

/** A reader that takes nothing for longer has stopped. The main thread has a connection and signals to answer. */
const maxQuietMs = isMainThread ? 100 : 1000;
/** For a reader that is slow, the main thread waits at most this long at once, and at most this part of its time. */
const maxBudgetMs = isMainThread ? maxQuietMs : Number.POSITIVE_INFINITY;
const maxShare = 0.25;

const minPauseMs = 0.05;
const maxPauseMs = 5;
const never = new Int32Array(new SharedArrayBuffer(4));

/** How long a thread waits for the reader of an output before it goes on. */
export class Patience {
  #budgetMs = maxBudgetMs;
  #refilledAt = 0;
  #isOver = false;
  /** The place at which the reader stopped; it is not waited for until it goes on. */
  #stoppedAt: number | undefined;

  /**
   * Waits until the reader has come from `start` to `end`, or has stopped. `advance` tries to write, and returns the place
   * that the reader has reached.
   */
  await(start: number, end: number, advance: () => number): void {
    if (this.#isOver || start === this.#stoppedAt) return;
    let place = start;
    this.#refill();
    const since = performance.now();
    let quietSince = since;
    let pauseMs = minPauseMs;
    let now = since;
    while (place < end && now - since < this.#budgetMs && now - quietSince < maxQuietMs) {
      pause(pauseMs);
      const next = advance();
      now = performance.now();
      if (next !== place) quietSince = now;
      pauseMs = next === place ? Math.min(2 * pauseMs, maxPauseMs) : minPauseMs;
      place = next;
    }
    this.#budgetMs -= now - since;
    this.#stoppedAt = now - quietSince < maxQuietMs ? undefined : place;
  }

  /** The reader has stopped at this place, or there is none. */
  stop(place: number): void {
    this.#stoppedAt = place;
  }

  /** From now on, no call waits. */
  end(): void {
    this.#isOver = true;
  }

  #refill(): void {
    const now = performance.now();
    this.#budgetMs = Math.min(maxBudgetMs, this.#budgetMs + (now - this.#refilledAt) * maxShare);
    this.#refilledAt = now;
  }
}

/** Waits until `isDone` returns true, or the time is over. */
export function awaitUntil(deadline: number, isDone: () => boolean): void {
  for (let pauseMs = minPauseMs; !isDone() && performance.now() < deadline; pauseMs = Math.min(2 * pauseMs, maxPauseMs))
    pause(pauseMs);
}

function pause(durationMs: number): void {
  Atomics.wait(never, 0, 0, durationMs);
}
