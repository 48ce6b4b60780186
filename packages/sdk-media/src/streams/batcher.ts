import { type Frame, releaseAll } from "../decode/frame.ts";
import { callHandler } from "./call-handler.ts";
import type { PipelineContext } from "./pipeline.ts";

/**
 * Collects frames into batches and queues them for the handler; at the end, also the incomplete batch if it is not
 * empty.
 */
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
      // The handler gets a copy of the list, which it may change.
      handle: () => callHandler(this.#context, this.#index, items.at(-1)?.timeMs, () => this.#handler([...items])),
      release: () => releaseAll(items),
    });
  }

  /** Releases frames that are not queued yet. */
  close(): void {
    releaseAll(this.#items.splice(0));
  }
}
