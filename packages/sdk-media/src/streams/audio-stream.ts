import { AudioFrame } from "../decode/audio-frame.ts";
import type { MediaStream } from "../source/format-context.ts";
import { Batcher } from "./batcher.ts";
import { CodedPipeline } from "./coded-pipeline.ts";
import { type AudioFilters, toAudioChain } from "./filters.ts";
import { expectCount, expectKind, type HandlerResult, type StreamDescriptor } from "./stream-descriptor.ts";

/** Options of {@link audioStream}. */
export interface AudioStreamOptions extends AudioFilters {
  /** The number of frames per call of the handler. @default the job's `batch_size` */
  readonly batchSize?: number;
}

/**
 * Requests the frames of an audio stream, as the decoder or the last filter returns them: they can have any length. For
 * windows of a fixed length, use {@link pcmStream}.
 *
 * @param stream - An audio stream, such as `format.first("audio")`.
 * @param options - Sample rate, channels, sample format, other filters, batch size.
 * @param handler - Receives the frames in batches, as with {@link videoStream}.
 * @throws {@link MediaError} `STREAM_INVALID` if the stream is not an audio stream.
 *
 * @example
 * ```ts
 * audioStream(format.first("audio"), { sampleFormat: "fltp" }, (frames) => void frames.forEach((f) => meter.add(f.samples())));
 * ```
 */
export function audioStream(
  stream: MediaStream,
  options: AudioStreamOptions,
  handler: (frames: AudioFrame[]) => HandlerResult,
): StreamDescriptor {
  expectKind("audioStream", stream, ["audio"]);
  expectCount("audioStream", "batchSize", options.batchSize);
  return {
    index: stream.index,
    kind: "audio",
    createPipeline(context) {
      const chain = toAudioChain(options);
      const batcher = new Batcher(context, stream.index, options.batchSize, handler);
      return new CodedPipeline({
        index: stream.index,
        kind: "audio",
        context,
        makeChain: () => chain,
        take(native, clock) {
          const frame = new AudioFrame(native, clock);
          // A sample has at most 8 bytes.
          return batcher.add(frame, frame.sampleCount * frame.channels * 8);
        },
        flush: () => batcher.flush(),
        close: () => batcher.close(),
      });
    },
  };
}
