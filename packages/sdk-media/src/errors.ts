import { McaiError } from "@mcai/worker-sdk";

/**
 * The codes of a {@link MediaError}.
 *
 * | code | meaning |
 * | --- | --- |
 * | `FFMPEG_MISSING` | the FFmpeg binary of node-av is not installed, or does not run on this system |
 * | `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_EMPTY` | the source does not exist, access to it is denied, or it is empty |
 * | `SOURCE_INVALID` | the source is not a media file that FFmpeg can read, or it has no streams |
 * | `SOURCE_FAILED` | the source could not be opened or read for another reason, such as a network error or a timeout |
 * | `STREAM_NOT_FOUND` | the source has no stream of that kind or index |
 * | `STREAM_INVALID` | a requested stream is of the wrong kind, is requested twice, has invalid options, or no stream is requested |
 * | `DECODER_FAILED` | FFmpeg has no decoder for a stream, or it cannot be opened |
 * | `FILTER_REFUSED` | FFmpeg rejected a filter; the message contains its reason |
 * | `FRAME_RELEASED` | a frame was used after its handler had returned |
 * | `FRAME_TRANSFERRED` | the buffer of a plane was transferred; only copies can be transferred |
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
 * An error of a media job. It has a stable `code`, and a message that says what is wrong, where, and what is expected.
 *
 * @example
 * ```ts
 * if (error instanceof MediaError && error.code === "STREAM_NOT_FOUND") return { streams: [] };
 * ```
 */
export class MediaError extends McaiError {
  /** The kind of error; stable across versions. */
  declare readonly code: MediaErrorCode;

  /**
   * @param code - The kind of error.
   * @param message - What is wrong, where, and what is expected.
   * @param options - `cause`: the underlying error.
   */
  constructor(code: MediaErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options);
    this.name = "MediaError";
  }
}
