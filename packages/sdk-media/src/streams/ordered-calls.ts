import type { PipelineContext } from "./pipeline.ts";
import type { HandlerResult } from "./stream-descriptor.ts";
import { callInTurn } from "./turn.ts";

/**
 * Concurrent calls of a handler, whose results and outputs appear in the order of the calls. A call starts when at most
 * `concurrency` − 1 of the calls before it have not ended, which limits what waits for its turn.
 */
export class OrderedCalls {
  readonly #context: PipelineContext;
  readonly #index: number;
  readonly #concurrency: number;
  /** The calls that have not ended, in order; each also waits for those before it. */
  readonly #calls: Promise<void>[] = [];

  constructor(context: PipelineContext, index: number, concurrency: number) {
    this.#context = context;
    this.#index = index;
    this.#concurrency = concurrency;
  }

  /** Calls the handler; resolves when this call and all before it have ended. Rejects with the error of any of them. */
  call(timeMs: number | undefined, handler: () => HandlerResult): Promise<void> {
    const before = this.#calls.at(-1) ?? Promise.resolve();
    const call = this.#run(before, timeMs, handler);
    this.#calls.push(call);
    const forget = () => void this.#calls.splice(this.#calls.indexOf(call), 1);
    call.then(forget, forget);
    return call;
  }

  /** Resolves when the next call may start; never rejects. */
  pace(): Promise<void> | undefined {
    const oldest = this.#calls.at(-this.#concurrency);
    return oldest?.catch(() => undefined);
  }

  async #run(before: Promise<void>, timeMs: number | undefined, handler: () => HandlerResult): Promise<void> {
    // A call that fails early must not wait for those before it.
    const value = await callInTurn(before, handler);
    await before;
    if (value !== undefined) await this.#context.onResult(value);
    if (timeMs !== undefined) this.#context.onPosition(this.#index, timeMs);
  }
}
