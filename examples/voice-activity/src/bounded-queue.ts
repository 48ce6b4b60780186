/** Sends requests without waiting for each answer, but never has more than `length` under way. */
export class BoundedQueue<Answer> {
  readonly #length: number;
  readonly #take: (answer: Answer) => unknown;
  readonly #underWay: Promise<Answer>[] = [];

  /** @param take - Gets the answers, in the order of the requests; awaited. */
  constructor(length: number, take: (answer: Answer) => unknown) {
    this.#length = length;
    this.#take = take;
  }

  /** Waits for room, then sends a request. @throws What an earlier one threw. */
  async add(request: () => Promise<Answer>): Promise<void> {
    while (this.#underWay.length >= this.#length) await this.#takeNext();
    const answer = request();
    // Its error waits for whoever takes it.
    answer.catch(() => undefined);
    this.#underWay.push(answer);
  }

  /** Takes all answers that are under way. @throws What one of the requests threw. */
  async drain(): Promise<void> {
    while (this.#underWay.length > 0) await this.#takeNext();
  }

  async #takeNext(): Promise<void> {
    const answer = this.#underWay.shift();
    if (answer) await this.#take(await answer);
  }
}
