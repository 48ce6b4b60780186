import type { Log } from "../log/log.ts";
import type { Receipt } from "../transport/transport.ts";

/** Direct orders beyond this are rejected while the answers to others are not confirmed. */
const maxUnconfirmed = 10_000;
/** An answer that is the same for all orders is given this often at the same time. */
const maxSameAnswers = 32;

/** The answers to orders that no job thread answers. An order is settled when its answer is confirmed. */
export class Answers {
  readonly #log: Log;
  #unconfirmed = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  /** Gives an answer, then acknowledges its order. A direct order is rejected if too many answers are not confirmed. */
  async give(delivery: Receipt, answer: () => Promise<void>): Promise<void> {
    if (delivery.direct && this.#unconfirmed >= maxUnconfirmed)
      return this.reject(delivery, `${this.#unconfirmed} answers wait for the broker's confirmation`);
    this.#unconfirmed++;
    try {
      await answer();
    } finally {
      this.#unconfirmed--;
    }
    await delivery.settle("acknowledge");
  }

  async reject(delivery: Receipt, reason: string, jobId?: number): Promise<void> {
    const log = jobId === undefined ? this.#log : this.#log.forJob(jobId);
    log.event("warn", `${delivery.origin}: order rejected: ${reason}`, { status: "rejected" });
    await delivery.settle("reject");
  }
}

/** An answer that is the same for every order that asks for it. Beyond a number of orders, one more answer is for all. */
export class SameAnswer {
  readonly #answer: () => Promise<void>;
  #given = 0;
  #isWanted = false;

  constructor(answer: () => Promise<void>) {
    this.#answer = answer;
  }

  /** Resolves when the answer is confirmed, or will be given later. */
  async give(): Promise<void> {
    if (this.#given >= maxSameAnswers) {
      this.#isWanted = true;
      return;
    }
    this.#given++;
    try {
      await this.#answer();
    } finally {
      this.#given--;
    }
    if (!this.#isWanted) return;
    this.#isWanted = false;
    await this.give();
  }
}
