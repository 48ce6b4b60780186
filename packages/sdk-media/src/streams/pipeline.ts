import type { Packet } from "node-av/lib";
import type { Source } from "../source/source.ts";
import type { BatchQueue } from "./batch-queue.ts";

/** The parts of a job that the pipeline of a stream uses. */
export interface PipelineContext {
  readonly source: Source;
  readonly threads: number;
  readonly batchSize: number;
  readonly queue: BatchQueue;
  /** The requested part of the source, from its start; undefined means from the start, or to the end. */
  readonly segment: { readonly startMs: number | undefined; readonly stopMs: number | undefined };
  /** Receives the result of a handler. */
  readonly onResult: (result: unknown) => Promise<void>;
  /** Receives the position of the data that was handled last. */
  readonly onPosition: (index: number, timeMs: number) => void;
  /** Logs a warning about a stream. */
  readonly warn: (index: number, message: string) => void;
}

/** Converts the packets of one stream to batches for its handler. */
export interface Pipeline {
  /** The number of damaged packets or frames. */
  readonly damaged: number;
  /** Whether the end of the segment is reached. */
  readonly done: boolean;
  /** Processes a packet. Returns a promise only if this is asynchronous. */
  push(packet: Packet): Promise<void> | undefined;
  /** Called when the next packet does not continue the previous ones. */
  cut?(): Promise<void>;
  /** Called at the end of the source; passes on what is left. */
  flush(): Promise<void>;
  /** Releases the pipeline. */
  close(): void;
}
