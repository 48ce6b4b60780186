import type { MediaStream } from "../source/format-context.ts";
import type { PacketTime, TextReader } from "../text/text-reader.ts";
import { packetStream } from "./packet-stream.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { HandlerResult, StreamDescriptor } from "./stream-descriptor.ts";

/** A packet of a stream that is not decoded. Its bytes are a copy and stay valid. */
export interface DataPacket extends PacketTime {
  /** The payload of the packet. */
  readonly data: Uint8Array;
}

/**
 * Requests the packets of a data or subtitle stream unchanged.
 *
 * @param stream - A data or subtitle stream, such as `format.first("data")`.
 * @param options - Packets per call, concurrent calls.
 * @param handler - Receives the packets in batches, in stream order. Its result is written to `{"frames":[…]}` at the
 *   destination, unless it is undefined.
 * @throws {@link MediaError} `STREAM_INVALID` if the stream is a video or audio stream.
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
