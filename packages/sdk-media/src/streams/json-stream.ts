import type { MediaStream } from "../source/format-context.ts";
import { type JsonDocument, JsonFramer } from "../text/json/json-framer.ts";
import { packetStream } from "./packet-stream.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { HandlerResult, StreamDescriptor } from "./stream-descriptor.ts";

/**
 * Asks for the JSON documents of a stream: objects, one behind the other, split and joined over packets in any way. What is
 * none is counted and reported in the log, and the documents behind it come.
 *
 * @param stream - Such as `format.first("data")`.
 * @param options - Documents a call, calls at once.
 * @param handler - As that of {@link videoStream}. Their values are not checked: narrow them.
 * @throws {MediaError} `STREAM_INVALID` if it is no data stream.
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
