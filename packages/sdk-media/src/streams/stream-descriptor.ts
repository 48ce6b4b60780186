import type { Packet } from "node-av/lib";
import type { BatchQueue } from "../decode/batch-queue.ts";
import { MediaError } from "../errors.ts";
import type { MediaStream, StreamKind } from "../source/format-context.ts";
import type { Source } from "../source/source.ts";

/** What a handler may return: written to `{"frames":[…]}` at the destination unless it is undefined. */
export type HandlerResult = unknown;

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
  readonly onGap: (index: number, timeMs: number, durationMs: number) => void;
}

/** Packets of one stream in, batches for its handler out. */
export interface Pipeline {
  /** How many packets or frames were damaged. */
  readonly damaged: number;
  /** Whether the end of the segment was reached. */
  readonly done: boolean;
  push(packet: Packet): Promise<void>;
  /** The end of the source. */
  flush(): Promise<void>;
  close(): void;
}

/**
 * A stream that a job wants, with what is done to its frames and who gets them: made by `videoStream`, `audioStream`,
 * `pcmStream` and `dataStream`.
 */
export interface StreamDescriptor {
  /** The stream's number in the source. */
  readonly index: number;
  readonly kind: StreamKind;
  /** @internal */
  open(context: PipelineContext): Pipeline;
}

/** Refuses a stream of another kind. */
export function expectKind(maker: string, stream: MediaStream, kinds: readonly StreamKind[]): void {
  if (kinds.includes(stream.kind)) return;
  throw new MediaError(
    "STREAM_INVALID",
    `${maker}: expected a ${kinds.join(" or ")} stream, stream ${stream.index} is ${stream.kind} (${stream.codec})`,
  );
}

/** Refuses an empty list, the same stream twice, and what is no descriptor. */
export function checkDescriptors(descriptors: unknown): asserts descriptors is readonly StreamDescriptor[] {
  const invalid = (message: string) => new MediaError("STREAM_INVALID", message);
  if (!Array.isArray(descriptors) || descriptors.length === 0)
    throw invalid(
      'initProcess: expected at least one stream, such as streams: [videoStream(format.first("video"), handler)]',
    );
  const seen = new Set<number>();
  for (const descriptor of descriptors as readonly Partial<StreamDescriptor>[]) {
    if (typeof descriptor?.open !== "function" || typeof descriptor.index !== "number")
      throw invalid("initProcess: each of streams is made by videoStream, audioStream, pcmStream or dataStream");
    if (seen.has(descriptor.index)) throw invalid(`initProcess: stream ${descriptor.index} is asked for twice`);
    seen.add(descriptor.index);
  }
}
