import { McaiError } from "@mcai/worker-sdk";

/**
 * What can go wrong with media.
 *
 * | code | meaning |
 * | --- | --- |
 * | `FFMPEG_MISSING` | the FFmpeg binary of node-av is not installed, or does not run on this system |
 * | `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_EMPTY` | the source is not there, may not be read, or has no bytes |
 * | `SOURCE_INVALID` | the source is no media that FFmpeg knows |
 * | `SOURCE_FAILED` | the source could not be opened or read for another reason, such as a network error |
 * | `STREAM_NOT_FOUND` | there is no stream of that kind or index |
 * | `STREAM_INVALID` | a stream of the wrong kind, the same twice, or none at all was asked for |
 * | `DECODER_FAILED` | FFmpeg has no decoder for a stream, or it cannot be opened |
 * | `FILTER_REFUSED` | FFmpeg refused a filter; the message has its reason |
 * | `FRAME_RELEASED` | a frame was used after its handler had ended |
 * | `FRAME_TRANSFERRED` | the buffer of a plane was transferred elsewhere; only copies can be |
 * | `OUTPUT_FAILED` | an output could not be written |
 */
export type MediaErrorCode =
  | "FFMPEG_MISSING"
  | "SOURCE_NOT_FOUND"
  | "SOURCE_FORBIDDEN"
  | "SOURCE_EMPTY"
  | "SOURCE_INVALID"
  | "SOURCE_FAILED"
  | "STREAM_NOT_FOUND"
  | "STREAM_INVALID"
  | "DECODER_FAILED"
  | "FILTER_REFUSED"
  | "FRAME_RELEASED"
  | "FRAME_TRANSFERRED"
  | "OUTPUT_FAILED";

/**
 * An error about media: a stable `code`, and a message that says what was wrong, where, and what would be right.
 *
 * @example
 * ```ts
 * if (error instanceof MediaError && error.code === "STREAM_NOT_FOUND") return { streams: [] };
 * ```
 */
export class MediaError extends McaiError {
  /** What went wrong, stable over versions. */
  declare readonly code: MediaErrorCode;

  /**
   * @param code - What went wrong.
   * @param message - What was wrong, where, and what would be right.
   * @param options - `cause`: the underlying error.
   */
  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = "MediaError";
  }
}
