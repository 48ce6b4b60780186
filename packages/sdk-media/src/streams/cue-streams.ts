import type { MediaStream } from "../source/format-context.ts";
import type { StreamCue } from "../text/cues/cue.ts";
import { CueFramer } from "../text/cues/cue-framer.ts";
import { cueCodecs, PacketCues } from "../text/cues/packet-cues.ts";
import { packetStream } from "./packet-stream.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { HandlerResult, StreamDescriptor } from "./stream-descriptor.ts";

/**
 * Requests the cues of a WebVTT stream. It is either a subtitle stream (also of 3GPP, `mov_text`, or SubRip), whose
 * cues get the times of the source; or a data stream of consecutive documents, each followed by a `}` at the start of a
 * line and split over packets in any way, whose cues keep their own times. Data that is not a cue is counted and
 * logged.
 *
 * @param stream - A subtitle or data stream, such as `format.first("subtitle")`.
 * @param options - Cues per call, concurrent calls.
 * @param handler - Receives the cues in batches, in stream order, as soon as they are complete. Its result is written
 *   to `{"frames":[…]}` at the destination, unless it is undefined.
 * @throws {@link MediaError} `STREAM_INVALID` if the stream has another kind or codec.
 *
 * @example
 * ```ts
 * webvttStream(format.first("subtitle"), {}, async (cues) => {
 *   for (const cue of cues) await job.output.subrip().write(cue);
 * });
 * ```
 */
export function webvttStream(
  stream: MediaStream,
  options: PacketStreamOptions,
  handler: (cues: StreamCue[]) => HandlerResult,
): StreamDescriptor {
  return cueStream("webvtt", stream, options, handler);
}

/**
 * Requests the cues of a SubRip stream; otherwise like {@link webvttStream}.
 *
 * @param stream - A subtitle or data stream, such as `format.first("subtitle")`.
 * @param options - Cues per call, concurrent calls.
 * @param handler - Receives the cues in batches, as with {@link webvttStream}.
 * @throws {@link MediaError} `STREAM_INVALID` if the stream has another kind or codec.
 *
 * @example
 * ```ts
 * subripStream(format.first("data"), { batchSize: 10 }, (cues) => cues.map(({ text }) => text));
 * ```
 */
export function subripStream(
  stream: MediaStream,
  options: PacketStreamOptions,
  handler: (cues: StreamCue[]) => HandlerResult,
): StreamDescriptor {
  return cueStream("subrip", stream, options, handler);
}

function cueStream(
  kind: "webvtt" | "subrip",
  stream: MediaStream,
  options: PacketStreamOptions,
  handler: (cues: StreamCue[]) => HandlerResult,
): StreamDescriptor {
  return packetStream(`${kind}Stream`, stream, options, {
    codecs: cueCodecs,
    makeReader: () => (cueCodecs.includes(stream.codec) ? new PacketCues(stream.codec) : new CueFramer(kind)),
    handler,
  });
}
