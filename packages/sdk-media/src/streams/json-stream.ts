import type { MediaStream } from "../source/format-context.ts";
import { type JsonDocument, JsonFramer } from "../text/json/json-framer.ts";
import { packetStream } from "./packet-stream.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { HandlerResult, StreamDescriptor } from "./stream-descriptor.ts";

/**
 * Requests the JSON documents of a stream: consecutive objects, split over packets in any way. Other data is counted
 * and logged, and does not affect the documents after it.
 *
 * @param stream - A data stream, such as `format.first("data")`.
 * @param options - Documents per call, concurrent calls.
 * @param handler - Receives the documents in batches, in stream order. Their values are not validated: narrow their
 *   types. Its result is written to `{"frames":[…]}` at the destination, unless it is undefined.
 * @throws {@link MediaError} `STREAM_INVALID` if the stream is not a data stream.
 *
 * @example
 * ```ts
 * jsonStream(format.first("data"), {}, ([document]) => ({ timeMs: document.timeMs, ...document.value }));
 * ```
 */
export function jsonStream(
  stream: MediaStream,
  options: PacketStreamOptions,
  handler: (documents: JsonDocument[]) => HandlerResult,
): StreamDescriptor {
  return packetStream("jsonStream", stream, options, {
    codecs: ["text"],
    makeReader: () => new JsonFramer(),
    handler,
  });
}
