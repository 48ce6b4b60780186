/** The pauses before a refused message is sent again: doubled each time, up to the longest. */
const firstPauseMs = 1000;
const maxPauseMs = 60_000;

/**
 * The messages with one exchange and one routing key. They go to the same queues, so that a queue that refuses one of them
 * refuses the next as well: refused ones are sent again one at a time.
 */
export class Route {
  /** Whether the broker took the last message. False before the first. */
  isOpen = false;
  /** Whether a refused message may be sent again now. */
  isDue = true;
  readonly #onDue: () => void;
  #pauseMs = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onDue - Called when a pause is over. */
  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  /** The broker took a message. The next refused one follows at once if this one had been refused itself. */
  onTaken(wasRefused: boolean): void {
    this.isOpen = true;
    if (!wasRefused) return;
    this.close();
    this.#pauseMs = 0;
    this.isDue = true;
  }

  /** The broker refused a message. Those that are refused during a pause do not prolong it. */
  onRefused(): void {
    this.isOpen = false;
    this.isDue = false;
    if (this.#timer) return;
    this.#pauseMs = Math.min(maxPauseMs, Math.max(firstPauseMs, 2 * this.#pauseMs));
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.isDue = true;
      this.#onDue();
    }, this.#pauseMs).unref();
  }

  /** The channel was closed, and with it the answer to a message that was sent again is lost. */
  onClosed(): void {
    this.isDue = this.#timer === undefined;
  }

  /** Ends the pause. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
