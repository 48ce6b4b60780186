import { McaiError } from "@mcai/worker-sdk";

/**
 * The codes of a {@link MediaError}.
 *
 * | code | when | what to do |
 * | --- | --- | --- |
 * | `FFMPEG_MISSING` | The FFmpeg binary of node-av is not installed, or does not run on this system. | Install without `--omit=optional`, on a system that node-av supports. |
 * | `SOURCE_NOT_FOUND` | The source does not exist. | Check the path or the address. |
 * | `SOURCE_FORBIDDEN` | Access to the source is denied. | Grant it to the user of the worker; check the credentials of the address. |
 * | `SOURCE_EMPTY` | The source is empty. | Start the job when the source is complete. |
 * | `SOURCE_INVALID` | The source is not a media file that FFmpeg can read, or it has no streams. | Check it with `ffprobe`. |
 * | `SOURCE_FAILED` | The source could not be opened or read for another reason, such as a network error or a timeout. | See the reason in the message; send the job again. |
 * | `STREAM_NOT_FOUND` | The source has no stream of that kind or index. | Check the source with `ffprobe`, or what the worker asks for. |
 * | `STREAM_INVALID` | A requested stream is of the wrong kind, is requested twice, has invalid options, or no stream is requested. | Correct what the worker returns for its streams. |
 * | `DECODER_FAILED` | FFmpeg has no decoder for a stream, or it cannot be opened. | Convert the source. |
 * | `FILTER_REFUSED` | FFmpeg rejected a filter; the message contains its reason. | Correct the filter. |
 * | `FRAME_RELEASED` | A frame was used after its handler had returned. | Copy what is needed later. |
 * | `FRAME_TRANSFERRED` | The buffer of a plane was transferred; only copies can be transferred. | Copy the plane first. |
 * | `OUTPUT_FAILED` | An output could not be written. | See the reason in the message; check the path and the disk. |
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

/** Returns an error that this package itself made, whose code ends the message of the response; a worker may make others. */
export function mediaError(code: MediaErrorCode, message: string, options?: ErrorOptions): MediaError {
  return Object.defineProperty(new MediaError(code, message, options), ownError, { value: true });
}

// The mark of the core, which does not export it.
const ownError = Symbol.for("@mcai/worker-sdk/own-error");
