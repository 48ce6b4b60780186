import { mediaError } from "../errors.ts";
import type { MediaStream } from "../source/format-context.ts";
import type { TextReader } from "../text/text-reader.ts";
import { PacketPipeline } from "./packet-pipeline.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { PipelineContext } from "./pipeline.ts";
import { expectCount, expectKind, type HandlerResult, type StreamDescriptor } from "./stream-descriptor.ts";

/**
 * Creates the descriptor of a stream that FFmpeg does not decode; `codecs` lists the subtitle codecs that the reader
 * supports.
 */
export function packetStream<Item>(
  maker: string,
  stream: MediaStream,
  options: PacketStreamOptions,
  how: {
    readonly codecs: readonly string[];
    readonly makeReader: (context: PipelineContext) => TextReader<Item>;
    readonly handler: (items: Item[]) => HandlerResult;
  },
): StreamDescriptor {
  expectKind(maker, stream, ["data", "subtitle", "attachment", "unknown"]);
  if (stream.kind === "subtitle" && how.codecs.length > 0 && !how.codecs.includes(stream.codec))
    throw mediaError(
      "STREAM_INVALID",
      `${maker}: expected a data stream, or subtitles of ${how.codecs.join(", ")}; stream ${stream.index} is ${stream.codec}`,
    );
  expectCount(maker, "batchSize", options.batchSize);
  expectCount(maker, "concurrency", options.concurrency);
  return {
    index: stream.index,
    kind: stream.kind,
    createPipeline: (context) => new PacketPipeline(stream, context, options, how.makeReader(context), how.handler),
  };
}
