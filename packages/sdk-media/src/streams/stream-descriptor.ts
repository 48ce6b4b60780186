import { MediaError } from "../errors.ts";
import type { MediaStream, StreamKind } from "../source/format-context.ts";
import type { Pipeline, PipelineContext } from "./pipeline.ts";

/** What a handler may return: written to `{"frames":[…]}` at the destination unless it is undefined. */
export type HandlerResult = unknown;

/**
 * A stream that a job wants, with what is done to its frames and who gets them: made by `videoStream`, `audioStream`,
 * `pcmStream`, `ebuTtmlStream`, `webvttStream`, `subripStream`, `jsonStream` and `dataStream`.
 */
export interface StreamDescriptor {
  /** The stream's number in the source. */
  readonly index: number;
  readonly kind: StreamKind;
  /** @internal */
  createPipeline(context: PipelineContext): Pipeline;
}

/** Refuses what is no stream, and a stream of another kind. */
export function expectKind(maker: string, stream: MediaStream | undefined, kinds: readonly StreamKind[]): void {
  if (typeof stream?.index !== "number")
    throw new MediaError("STREAM_NOT_FOUND", `${maker}: there is no such stream; take one of format.streams`);
  if (kinds.includes(stream.kind)) return;
  throw new MediaError(
    "STREAM_INVALID",
    `${maker}: expected a ${kinds.join(" or ")} stream, stream ${stream.index} is ${stream.kind} (${stream.codec})`,
  );
}

/** Refuses a number of items or calls that cannot be. */
export function expectCount(maker: string, name: "batchSize" | "concurrency", count: number | undefined): void {
  if (count === undefined || (Number.isInteger(count) && count > 0)) return;
  throw new MediaError("STREAM_INVALID", `${maker}: ${name}: expected a whole number from 1, got ${count}`);
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
    if (typeof descriptor?.createPipeline !== "function" || typeof descriptor.index !== "number")
      throw invalid("initProcess: each of streams is made by videoStream or another of the functions in …Stream");
    if (seen.has(descriptor.index)) throw invalid(`initProcess: stream ${descriptor.index} is asked for twice`);
    seen.add(descriptor.index);
  }
}
