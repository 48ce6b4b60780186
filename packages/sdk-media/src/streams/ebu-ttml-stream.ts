import type { MediaStream } from "../source/format-context.ts";
import type { EbuTtDocument } from "../text/ebu-ttml/document.ts";
import { EbuTtmlReader } from "../text/ebu-ttml/stream-reader.ts";
import { packetStream } from "./packet-stream.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { HandlerResult, StreamDescriptor } from "./stream-descriptor.ts";

/** Options of {@link ebuTtmlStream}. */
export interface EbuTtmlStreamOptions extends PacketStreamOptions {
  /**
   * `"strict"` rejects a document for any fault, by Tech 3370; `"lenient"` reads what it can and lists faults in
   * `warnings`.
   *
   * @default "lenient"
   */
  readonly mode?: "strict" | "lenient";
}

/**
 * Requests the documents of a stream of EBU-TT Live, EBU-TT-D or TTML: MPEG-TS private data, split over packets in any
 * way; DVB TTML (EN 303 560); `stpp` in MP4; plain XML. A damaged document is counted and logged with the position of
 * the fault, and does not affect the documents after it. Live messages are skipped.
 *
 * @param stream - A data or subtitle stream, such as `format.first("ebu-ttml")`.
 * @param options - Documents per call, concurrent calls, mode.
 * @param handler - Receives the documents in batches, in stream order; `document.arrival` is the position of a document
 *   in the stream. Its result is written to `{"frames":[…]}` at the destination, unless it is undefined.
 * @throws {@link MediaError} `STREAM_INVALID` if the stream has another kind or codec.
 *
 * @example
 * ```ts
 * ebuTtmlStream(format.first("ebu-ttml"), { concurrency: 4 }, async (documents) => {
 *   for (const document of documents) await out.write((await document.mapText(translate)).with({ sequenceIdentifier: "tr-de", language: "de" }));
 * });
 * ```
 */
export function ebuTtmlStream(
  stream: MediaStream,
  options: EbuTtmlStreamOptions,
  handler: (documents: EbuTtDocument[]) => HandlerResult,
): StreamDescriptor {
  const { mode = "lenient" } = options;
  return packetStream("ebuTtmlStream", stream, options, {
    codecs: ["ttml"],
    makeReader: ({ source }) =>
      // A sample of MP4 is one document; its times are those of the track.
      new EbuTtmlReader({ mode }, stream.codec === "ttml" ? 0 - source.startTimeUs / 1000 : undefined),
    handler,
  });
}
