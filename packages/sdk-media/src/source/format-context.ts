import { MediaError } from "../errors.ts";
import type { Rational } from "../rational.ts";

/** What a stream holds. */
export type StreamKind = "video" | "audio" | "data" | "subtitle" | "attachment" | "unknown";

/**
 * One stream of a source. What the container does not tell is undefined. Source: FFmpeg's `AVStream` and
 * `AVCodecParameters`.
 */
export interface MediaStream {
  /** Its number in the source, from 0. */
  readonly index: number;
  readonly kind: StreamKind;
  /** FFmpeg's name of the codec, such as `h264`, `aac`, `bin_data`. */
  readonly codec: string;
  /** The unit of its timestamps. */
  readonly timeBase: Rational;
  /** Frames a second, on average over the stream. */
  readonly averageFrameRate?: Rational | undefined;
  /** Frames a second, the lowest rate in which all timestamps can be written. */
  readonly realFrameRate?: Rational | undefined;
  readonly durationMs?: number | undefined;
  /** Its first timestamp, which need not be 0. */
  readonly startTimeMs?: number | undefined;
  readonly frameCount?: number | undefined;
  /** Pixels. */
  readonly width?: number | undefined;
  /** Pixels. */
  readonly height?: number | undefined;
  /** FFmpeg's name, such as `yuv420p`. */
  readonly pixelFormat?: string | undefined;
  readonly channels?: number | undefined;
  /** FFmpeg's name, such as `stereo` or `5.1`. */
  readonly channelLayout?: string | undefined;
  /** Samples a second. */
  readonly sampleRate?: number | undefined;
  /** FFmpeg's name, such as `fltp`. */
  readonly sampleFormat?: string | undefined;
  /** As the container writes it, mostly ISO 639-2. */
  readonly language?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A source and its streams. What the container does not tell is undefined. */
export interface FormatContext {
  /** FFmpeg's names of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly formatName: string;
  /** Such as `QuickTime / MOV`. */
  readonly formatLongName: string;
  readonly bitRateBitsPerSecond?: number | undefined;
  readonly durationMs?: number | undefined;
  /** The first timestamp of all streams; times of frames count from here. */
  readonly startTimeMs?: number | undefined;
  readonly packetSizeBytes?: number | undefined;
  readonly programCount: number;
  readonly streamCount: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly streams: readonly MediaStream[];
  /**
   * The first stream of a kind; of `"ebu-ttml"` the first with the codec `ttml`, as in MP4, else the first data stream, as
   * in MPEG-TS.
   *
   * @throws {MediaError} `STREAM_NOT_FOUND`, with the kinds that there are.
   *
   * @example
   * ```ts
   * const { width, height } = format.first("video");
   * ```
   */
  first(kind: StreamKind | "ebu-ttml"): MediaStream;
}

/** Adds the search for a first stream to the values of a source. */
export function toFormatContext(values: Omit<FormatContext, "first">): FormatContext {
  return {
    ...values,
    first(kind) {
      const { streams } = values;
      const isKind = (stream: MediaStream) => stream.kind === (kind === "ebu-ttml" ? "data" : kind);
      const ttml = kind === "ebu-ttml" ? streams.find(({ codec }) => codec === "ttml") : undefined;
      const found = ttml ?? streams.find(isKind);
      if (found) return found;
      const there = streams.map((stream) => `${stream.index} ${stream.kind} (${stream.codec})`).join(", ");
      throw new MediaError(
        "STREAM_NOT_FOUND",
        `the source has no ${kind === "ebu-ttml" ? "ttml or data" : kind} stream; it has ${there || "no streams at all"}`,
      );
    },
  };
}
