import { type Frame, releaseAll } from "../decode/frame.ts";
import { callHandler } from "./call-handler.ts";
import type { PipelineContext } from "./pipeline.ts";

/** Collects frames until a batch is full, and hands it to its handler; at the end what is left, but never nothing. */
export class Batcher<Item extends Frame> {
  readonly #context: PipelineContext;
  readonly #index: number;
  readonly #size: number;
  readonly #handler: (frames: Item[]) => unknown;
  #items: Item[] = [];
  #sizeBytes = 0;

  constructor(context: PipelineContext, index: number, size: number | undefined, handler: (frames: Item[]) => unknown) {
    this.#context = context;
    this.#index = index;
    this.#size = size ?? context.batchSize;
    this.#handler = handler;
  }

  add(item: Item, sizeBytes: number): Promise<void> | undefined {
    this.#items.push(item);
    this.#sizeBytes += sizeBytes;
    return this.#items.length >= this.#size ? this.flush() : undefined;
  }

  flush(): Promise<void> | undefined {
    const items = this.#items;
    const sizeBytes = this.#sizeBytes;
    this.#items = [];
    this.#sizeBytes = 0;
    if (items.length === 0) return undefined;
    return this.#context.queue.put({
      sizeBytes,
      // The handler may do with its list what it wants.
      handle: () => callHandler(this.#context, this.#index, items.at(-1)?.timeMs, () => this.#handler([...items])),
      release: () => releaseAll(items),
    });
  }

  /** Lets go of what no handler will get. */
  close(): void {
    releaseAll(this.#items.splice(0));
  }
}
