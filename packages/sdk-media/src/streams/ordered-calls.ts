import type { PipelineContext } from "./pipeline.ts";
import type { HandlerResult } from "./stream-descriptor.ts";
import { callInTurn } from "./turn.ts";

/**
 * Calls of a handler beside each other, whose results and outputs come as if they were one after another. A call begins
 * when all but the last few, `concurrency` less one, have ended: so that what waits for its turn is never more.
 */
export class OrderedCalls {
  readonly #context: PipelineContext;
  readonly #index: number;
  readonly #concurrency: number;
  /** The calls that have not ended, in their order; each also waits for those before it. */
  readonly #calls: Promise<void>[] = [];

  constructor(context: PipelineContext, index: number, concurrency: number) {
    this.#context = context;
    this.#index = index;
    this.#concurrency = concurrency;
  }

  /** Calls the handler; resolves when it, and all before it, have ended. @throws What one of them threw. */
  call(timeMs: number | undefined, handler: () => HandlerResult): Promise<void> {
    const before = this.#calls.at(-1) ?? Promise.resolve();
    const call = this.#run(before, timeMs, handler);
    this.#calls.push(call);
    const forget = () => void this.#calls.splice(this.#calls.indexOf(call), 1);
    call.then(forget, forget);
    return call;
  }

  /** What the next call has to wait for; never rejects. */
  pace(): Promise<void> | undefined {
    const oldest = this.#calls.at(-this.#concurrency);
    return oldest?.catch(() => undefined);
  }

  async #run(before: Promise<void>, timeMs: number | undefined, handler: () => HandlerResult): Promise<void> {
    // One that fails first must not wait for those before it, nor they for it.
    const value = await callInTurn(before, handler);
    await before;
    if (value !== undefined) await this.#context.onResult(value);
    if (timeMs !== undefined) this.#context.onPosition(this.#index, timeMs);
  }
}
