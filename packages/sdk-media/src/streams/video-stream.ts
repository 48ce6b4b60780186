import { readTimecode } from "../decode/timecode.ts";
import { toTopDown } from "../decode/top-down.ts";
import { VideoFrame } from "../decode/video-frame.ts";
import type { MediaStream } from "../source/format-context.ts";
import { Batcher } from "./batcher.ts";
import { CodedPipeline } from "./coded-pipeline.ts";
import { toVideoChain, type VideoFilters } from "./filters.ts";
import { expectCount, expectKind, type HandlerResult, type StreamDescriptor } from "./stream-descriptor.ts";

/** Options of {@link videoStream}. */
export interface VideoStreamOptions extends VideoFilters {
  /**
   * The number of frames per call of the handler. @default the job's `batch_size`, which is 1 unless the order sets it
   */
  readonly batchSize?: number;
}

/**
 * Requests the frames of a video stream.
 *
 * @param stream - A video stream, such as `format.first("video")`.
 * @param options - Frame rate, region, size, pixel format, other filters, batch size.
 * @param handler - Receives the frames in batches, in presentation order. It is awaited, and the frames are released
 *   when it has ended. Its result is written to `{"frames":[…]}` at the destination, unless it is undefined.
 * @returns A descriptor for the `streams` that `initProcess` returns.
 * @throws {@link MediaError} `STREAM_INVALID` if the stream is not a video stream.
 *
 * @example
 * ```ts
 * videoStream(format.first("video"), { width: 224, height: 224, pixelFormat: "rgb24", frameRate: 5, batchSize: 8 }, async (frames) => {
 *   for (const frame of frames) await detect(frame.tensor());
 * });
 * ```
 */
export function videoStream(
  stream: MediaStream,
  options: VideoStreamOptions,
  handler: (frames: VideoFrame[]) => HandlerResult,
): StreamDescriptor {
  expectKind("videoStream", stream, ["video"]);
  expectCount("videoStream", "batchSize", options.batchSize);
  return {
    index: stream.index,
    kind: "video",
    createPipeline(context) {
      const batcher = new Batcher(context, stream.index, options.batchSize, handler);
      const timecode = readTimecode(context.source.format, stream);
      return new CodedPipeline({
        index: stream.index,
        kind: "video",
        context,
        makeChain: (frame) => toVideoChain(options, frame),
        take: (native, clock) => {
          const { linesize } = native;
          const frame = new VideoFrame(toTopDown(native, linesize), clock, timecode);
          // An upper bound: in most formats, chroma planes have fewer lines.
          const lineBytes = linesize.reduce((sum, size) => sum + Math.abs(size), 0);
          return batcher.add(frame, lineBytes * frame.height);
        },
        flush: () => batcher.flush(),
        close: () => batcher.close(),
      });
    },
  };
}
