import { AudioFrame } from "../decode/audio-frame.ts";
import type { MediaStream } from "../source/format-context.ts";
import { Batcher } from "./batcher.ts";
import { CodedPipeline } from "./coded-pipeline.ts";
import { type AudioFilters, toAudioChain } from "./filters.ts";
import { expectCount, expectKind, type HandlerResult, type StreamDescriptor } from "./stream-descriptor.ts";

/** How the sound of a stream comes. */
export interface AudioStreamOptions extends AudioFilters {
  /** Frames a call of the handler. @default the job's `batch_size` */
  readonly batchSize?: number;
}

/**
 * Asks for the sound of a stream, in frames as the decoder or the last filter gives them: of any length. For windows of
 * one length see {@link pcmStream}.
 *
 * @param stream - Such as `format.first("audio")`.
 * @param options - Sample rate, channels, format, other filters, batch size.
 * @param handler - As that of {@link videoStream}.
 * @throws {MediaError} `STREAM_INVALID` if it is no audio stream.
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
          // No sample format has more than 8 bytes.
          return batcher.add(frame, frame.sampleCount * frame.channels * 8);
        },
        flush: () => batcher.flush(),
        close: () => batcher.close(),
      });
    },
  };
}
