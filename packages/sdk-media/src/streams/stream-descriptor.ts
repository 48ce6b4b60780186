import { mediaError } from "../errors.ts";
import type { MediaStream, StreamKind } from "../source/format-context.ts";
import type { Pipeline, PipelineContext } from "./pipeline.ts";

/** The result of a handler. It is written to `{"frames":[…]}` at the destination, unless it is undefined. */
export type HandlerResult = unknown;

/**
 * A stream that a job requests, with its options and its handler. Created by `videoStream`, `audioStream`, `pcmStream`,
 * `ebuTtmlStream`, `webvttStream`, `subripStream`, `jsonStream` and `dataStream`.
 */
export interface StreamDescriptor {
  /** The index of the stream in the source. */
  readonly index: number;
  readonly kind: StreamKind;
  /** @internal */
  createPipeline(context: PipelineContext): Pipeline;
}

/** Checks that a stream exists and is of one of the expected kinds. */
export function expectKind(maker: string, stream: MediaStream | undefined, kinds: readonly StreamKind[]): void {
  if (typeof stream?.index !== "number")
    throw mediaError("STREAM_NOT_FOUND", `${maker}: there is no such stream; use one of format.streams`);
  if (kinds.includes(stream.kind)) return;
  throw mediaError(
    "STREAM_INVALID",
    `${maker}: expected ${kinds[0] === "audio" ? "an" : "a"} ${kinds.join(" or ")} stream; stream ${stream.index} is ${stream.kind} (${stream.codec})`,
  );
}

/** Checks a number of items or calls. */
export function expectCount(maker: string, name: "batchSize" | "concurrency", count: number | undefined): void {
  if (count === undefined || (Number.isInteger(count) && count > 0)) return;
  throw mediaError("STREAM_INVALID", `${maker}: ${name}: expected a whole number from 1, got ${count}`);
}

/** Checks that the list contains at least one descriptor, and each stream only once. */
export function checkDescriptors(descriptors: unknown): asserts descriptors is readonly StreamDescriptor[] {
  const invalid = (message: string) => mediaError("STREAM_INVALID", message);
  if (!Array.isArray(descriptors) || descriptors.length === 0)
    throw invalid(
      'initProcess: expected at least one stream, such as streams: [videoStream(format.first("video"), {}, handler)]',
    );
  const seen = new Set<number>();
  for (const descriptor of descriptors as readonly Partial<StreamDescriptor>[]) {
    if (typeof descriptor?.createPipeline !== "function" || typeof descriptor.index !== "number")
      throw invalid("initProcess: each element of streams must be created by videoStream or another …Stream function");
    if (seen.has(descriptor.index)) throw invalid(`initProcess: stream ${descriptor.index} is requested twice`);
    seen.add(descriptor.index);
  }
}
