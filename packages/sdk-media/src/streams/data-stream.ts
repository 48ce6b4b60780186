import type { MediaStream } from "../source/format-context.ts";
import type { PacketTime, TextReader } from "../text/text-reader.ts";
import { packetStream } from "./packet-stream.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { HandlerResult, StreamDescriptor } from "./stream-descriptor.ts";

/** One packet of a stream that is not decoded. Its bytes are a copy and last. */
export interface DataPacket extends PacketTime {
  readonly data: Uint8Array;
}

/**
 * Asks for the packets of a data or subtitle stream as they are.
 *
 * @param stream - Such as `format.first("data")`.
 * @param options - `batchSize`: packets a call, by default the job's `batch_size`; `concurrency`: calls at once, by default 1.
 * @param handler - As that of {@link videoStream}.
 * @throws {MediaError} `STREAM_INVALID` if it is a video or audio stream.
 *
 * @example
 * ```ts
 * dataStream(format.first("data"), {}, (packets) => void (count += packets.length));
 * ```
 */
export function dataStream(
  stream: MediaStream,
  options: PacketStreamOptions,
  handler: (packets: DataPacket[]) => HandlerResult,
): StreamDescriptor {
  return packetStream("dataStream", stream, options, { codecs: [], makeReader: () => copies, handler });
}

const copies: TextReader<DataPacket> = {
  memoryFactor: 1,
  push: (begin) => {
    const { data, pts, timeMs } = begin;
    return [{ kind: "item", item: { data: Uint8Array.from(data), pts, timeMs }, begin }];
  },
  end: () => [],
};
