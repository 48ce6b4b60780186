import type { Packet } from "node-av/lib";
import type { Source } from "../source/source.ts";
import type { BatchQueue } from "./batch-queue.ts";

/** What a stream's pipeline needs of its job. */
export interface PipelineContext {
  readonly source: Source;
  readonly threads: number;
  readonly batchSize: number;
  readonly queue: BatchQueue;
  /** The part of the media that was asked for, from its start; undefined: from its start, to its end. */
  readonly segment: { readonly startMs: number | undefined; readonly stopMs: number | undefined };
  /** Gets what a handler returned. */
  readonly onResult: (result: unknown) => Promise<void>;
  /** Gets the position of what was handled last. */
  readonly onPosition: (index: number, timeMs: number) => void;
  /** Gets what the operator should know of a stream; goes to the log. */
  readonly warn: (index: number, message: string) => void;
}

/** Packets of one stream in, batches for its handler out. */
export interface Pipeline {
  /** How many packets or frames were damaged. */
  readonly damaged: number;
  /** Whether the end of the segment was reached. */
  readonly done: boolean;
  /** Gives a promise only if it takes time. */
  push(packet: Packet): Promise<void> | undefined;
  /** What comes next is no continuation of what came before. */
  cut?(): Promise<void>;
  /** The end of the source. */
  flush(): Promise<void>;
  close(): void;
}
