import type { MediaStream } from "../source/format-context.ts";
import type { StreamCue } from "../text/cues/cue.ts";
import { CueFramer } from "../text/cues/cue-framer.ts";
import { cueCodecs, PacketCues } from "../text/cues/packet-cues.ts";
import { packetStream } from "./packet-stream.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { HandlerResult, StreamDescriptor } from "./stream-descriptor.ts";

/**
 * Asks for the cues of a stream of WebVTT: subtitles of a container or a file (also those of 3GPP, `mov_text`, and SubRip),
 * with the times of the media; or a data stream, in which documents stand one behind the other, split in any way, a `}` at
 * the beginning of a line behind each, with the times that they have. What is no cue is counted and reported in the log.
 *
 * @param stream - Such as `format.first("subtitle")`.
 * @param options - Cues a call, calls at once.
 * @param handler - Gets cues in batches, in their order, each as soon as it is complete. What it returns is written to
 *   `{"frames":[…]}` at the destination.
 * @throws {MediaError} `STREAM_INVALID` if the stream holds something else.
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
 * As {@link webvttStream}, of SubRip.
 *
 * @param stream - Such as `format.first("subtitle")`.
 * @param options - Cues a call, calls at once.
 * @param handler - As that of {@link webvttStream}.
 * @throws {MediaError} `STREAM_INVALID` if the stream holds something else.
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
