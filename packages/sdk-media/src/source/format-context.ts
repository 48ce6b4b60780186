import { MediaError, mediaError } from "../errors.ts";
import type { Rational } from "../rational.ts";

/** The kind of a stream. */
export type StreamKind = "video" | "audio" | "data" | "subtitle" | "attachment" | "unknown";

/**
 * One stream of a source. A property is undefined if the container does not provide it. Source: FFmpeg's `AVStream` and
 * `AVCodecParameters`.
 */
export interface MediaStream {
  /** The index of the stream in the source, from 0. */
  readonly index: number;
  readonly kind: StreamKind;
  /** FFmpeg's name of the codec, such as `h264`, `aac` or `bin_data`. */
  readonly codec: string;
  /** The unit of the stream's timestamps. */
  readonly timeBase: Rational;
  /** The average number of frames per second. */
  readonly averageFrameRate?: Rational | undefined;
  /** The lowest number of frames per second that can express all timestamps exactly. */
  readonly realFrameRate?: Rational | undefined;
  readonly durationMs?: number | undefined;
  /** The first timestamp of the stream, which need not be 0. */
  readonly startTimeMs?: number | undefined;
  readonly frameCount?: number | undefined;
  /** In pixels. */
  readonly width?: number | undefined;
  /** In pixels. */
  readonly height?: number | undefined;
  /** FFmpeg's name of the format, such as `yuv420p`. */
  readonly pixelFormat?: string | undefined;
  readonly channels?: number | undefined;
  /** FFmpeg's name of the layout, such as `stereo` or `5.1`. */
  readonly channelLayout?: string | undefined;
  /** Samples per second. */
  readonly sampleRate?: number | undefined;
  /** FFmpeg's name of the format, such as `fltp`. */
  readonly sampleFormat?: string | undefined;
  /** The language as the container states it, usually in ISO 639-2. */
  readonly language?: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * A source and its streams. A property is undefined if the container does not provide it. Source: FFmpeg's
 * `AVFormatContext`.
 */
export interface FormatContext {
  /** FFmpeg's names of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly formatName: string;
  /** FFmpeg's description of the container, such as `QuickTime / MOV`. */
  readonly formatLongName: string;
  readonly bitRateBitsPerSecond?: number | undefined;
  readonly durationMs?: number | undefined;
  /** The first timestamp of all streams; the times of frames are relative to it. */
  readonly startTimeMs?: number | undefined;
  readonly packetSizeBytes?: number | undefined;
  readonly programCount: number;
  readonly streamCount: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly streams: readonly MediaStream[];
  /**
   * Returns the first stream of a kind. For `"ebu-ttml"`, this is the first stream with the codec `ttml`, as in MP4, or
   * else the first data stream, as in MPEG-TS.
   *
   * @throws {@link MediaError} `STREAM_NOT_FOUND` if there is no such stream; the message lists the streams of the
   *   source.
   *
   * @example
   * ```ts
   * const { width, height } = format.first("video");
   * ```
   */
  first(kind: StreamKind | "ebu-ttml"): MediaStream;
}

/** Adds `first` to the properties of a source. */
export function toFormatContext(values: Omit<FormatContext, "first">): FormatContext {
  return {
    ...values,
    first(kind) {
      const { streams } = values;
      const isKind = (stream: MediaStream) => stream.kind === (kind === "ebu-ttml" ? "data" : kind);
      const ttml = kind === "ebu-ttml" ? streams.find(({ codec }) => codec === "ttml") : undefined;
      const found = ttml ?? streams.find(isKind);
      if (found) return found;
      const available = streams.map((stream) => `#${stream.index} ${stream.kind} (${stream.codec})`).join(", ");
      throw mediaError(
        "STREAM_NOT_FOUND",
        `the source has no ${kind === "ebu-ttml" ? "ttml or data" : kind} stream; its streams are: ${available || "none"}`,
      );
    },
  };
}
