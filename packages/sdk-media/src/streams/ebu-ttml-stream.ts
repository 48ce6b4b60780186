import type { MediaStream } from "../source/format-context.ts";
import type { EbuTtDocument } from "../text/ebu-ttml/document.ts";
import { EbuTtmlReader } from "../text/ebu-ttml/stream-reader.ts";
import { packetStream } from "./packet-stream.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { HandlerResult, StreamDescriptor } from "./stream-descriptor.ts";

/** How the documents of a stream come. */
export interface EbuTtmlStreamOptions extends PacketStreamOptions {
  /**
   * `"strict"` rejects a document for any fault, by Tech 3370; `"lenient"` keeps what can be read, with `warnings`.
   *
   * @default "lenient"
   */
  readonly mode?: "strict" | "lenient";
}

/**
 * Asks for the documents of a stream of EBU-TT Live, EBU-TT-D or TTML: private data of MPEG-TS, split and joined in any way;
 * DVB TTML (EN 303 560); `stpp` in MP4; XML as it is. A damaged document is counted and reported in the log, with the place
 * of the fault, and those behind it come. Live messages are passed over.
 *
 * @param stream - Such as `format.first("ebu-ttml")`.
 * @param options - Documents a call, calls at once, mode.
 * @param handler - Gets documents in batches, in their order; `document.arrival` says when one came. What it returns is
 *   written to `{"frames":[…]}` at the destination.
 * @throws {MediaError} `STREAM_INVALID` if the stream holds something else.
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
      // A sample of MP4 is a document, its times those of the track.
      new EbuTtmlReader({ mode }, stream.codec === "ttml" ? 0 - source.startTimeUs / 1000 : undefined),
    handler,
  });
}
