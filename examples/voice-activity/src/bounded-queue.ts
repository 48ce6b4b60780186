/** Sends requests without waiting for each answer, with at most `maxPending` requests pending. */
export class BoundedQueue<Answer> {
  readonly #maxPending: number;
  readonly #take: (answer: Answer) => unknown;
  readonly #pending: Promise<Answer>[] = [];

  /** @param take - Called with each answer, in the order of the requests, and awaited. */
  constructor(maxPending: number, take: (answer: Answer) => unknown) {
    this.#maxPending = maxPending;
    this.#take = take;
  }

  /** Sends a request when fewer than the maximum are pending. @throws The error of an earlier request. */
  async add(request: () => Promise<Answer>): Promise<void> {
    while (this.#pending.length >= this.#maxPending) await this.#takeNext();
    const answer = request();
    // Its error is thrown when the answer is taken.
    answer.catch(() => undefined);
    this.#pending.push(answer);
  }

  /** Takes all pending answers. @throws The error of a request. */
  async drain(): Promise<void> {
    while (this.#pending.length > 0) await this.#takeNext();
  }

  async #takeNext(): Promise<void> {
    const answer = this.#pending.shift();
    if (answer) await this.#take(await answer);
  }
}
