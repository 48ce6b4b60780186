import type { Frame as NativeFrame } from "node-av/lib";
import type { FrameClock } from "../decode/frame.ts";
import { releaseNativeFrame } from "../decode/native-frames.ts";
import { jitterSeconds, PcmTimeline } from "../decode/pcm-timeline.ts";
import { type PcmFormat, type PcmWindow, PcmWindows } from "../decode/pcm-windows.ts";
import { MediaError, mediaError } from "../errors.ts";
import { toMs } from "../rational.ts";
import type { MediaStream } from "../source/format-context.ts";
import { callHandler } from "./call-handler.ts";
import { CodedPipeline } from "./coded-pipeline.ts";
import { type Filter, toAudioChain } from "./filters.ts";
import type { PipelineContext } from "./pipeline.ts";
import { expectKind, type HandlerResult, type StreamDescriptor } from "./stream-descriptor.ts";

/** Options of {@link pcmStream}. */
export interface PcmStreamOptions {
  /** Samples per second. */
  readonly sampleRate: number;
  /** The number of channels. @default 1 */
  readonly channels?: number;
  /** The length of a window, rounded to a whole number of samples. */
  readonly windowMs: number;
  /** The length of the part that consecutive windows share. @default 0 */
  readonly overlapMs?: number;
  /** The sample format. @default "float32" */
  readonly format?: PcmFormat;
  /** Whether the channels follow one another instead of being interleaved. @default false */
  readonly planar?: boolean;
  /** Filters that are applied before the conversion. @default none */
  readonly filters?: readonly Filter[];
}

/**
 * Requests the audio of a stream in windows of a fixed length, as models expect it. Gaps in the source are filled with
 * silence and logged; times are exact to the sample.
 *
 * @param stream - An audio stream, such as `format.first("audio")`.
 * @param options - Sample rate, channels, window, overlap, sample format.
 * @param handler - Receives one window per call; its samples are a copy and stay valid. Its result is written to
 *   `{"frames":[…]}` at the destination, unless it is undefined.
 * @throws {@link MediaError} `STREAM_INVALID` if the stream is not an audio stream, or the window is not longer than
 *   its overlap.
 *
 * @example
 * ```ts
 * pcmStream(format.first("audio"), { sampleRate: 16_000, windowMs: 30_000 }, async (window) => {
 *   for (const cue of await recogniser.transcribe(window.samples)) cues.push(cue.startMs + window.startMs);
 * });
 * ```
 */
export function pcmStream(
  stream: MediaStream,
  options: PcmStreamOptions & { readonly format?: "float32" },
  handler: (window: PcmWindow & { readonly samples: Float32Array }) => HandlerResult,
): StreamDescriptor;
/** The same, with 16-bit samples. */
export function pcmStream(
  stream: MediaStream,
  options: PcmStreamOptions & { readonly format: "int16" },
  handler: (window: PcmWindow & { readonly samples: Int16Array }) => HandlerResult,
): StreamDescriptor;
export function pcmStream(
  stream: MediaStream,
  options: PcmStreamOptions,
  handler: (window: never) => HandlerResult,
): StreamDescriptor {
  expectKind("pcmStream", stream, ["audio"]);
  const {
    sampleRate: rate,
    channels = 1,
    windowMs,
    overlapMs = 0,
    format = "float32",
    planar = false,
    filters = [],
  } = options;
  const length = Math.round((windowMs * rate) / 1000);
  const overlap = Math.round((overlapMs * rate) / 1000);
  if (!(rate > 0 && length > 0 && overlap >= 0 && overlap < length && Number.isSafeInteger(length)))
    throw mediaError(
      "STREAM_INVALID",
      `pcmStream: expected a sample rate and a window longer than its overlap, got ${JSON.stringify(options)}`,
    );
  const sampleFormat = format === "float32" ? "flt" : "s16";
  return {
    index: stream.index,
    kind: "audio",
    createPipeline(context) {
      const chain = toAudioChain({ sampleRate: rate, channels, sampleFormat, filters });
      const windows = new PcmWindows({ rate, channels, length, overlap, planar, format });
      const timeline = new PcmTimeline(rate, context.source.format.durationMs);
      const put = (window: PcmWindow) =>
        putWindow(context, stream.index, window, handler as (window: PcmWindow) => HandlerResult);
      return new CodedPipeline({
        index: stream.index,
        kind: "audio",
        context,
        makeChain: () => chain,
        jumpSeconds: jitterSeconds,
        take: async (native, clock) => {
          try {
            const position = positionOf(native, clock, rate);
            if (windows.position === undefined) windows.startAt(position);
            const { silence, drop, message } = timeline.place(position, windows.position ?? position);
            if (message !== undefined) context.warn(stream.index, message);
            for (const window of windows.addSilence(silence)) await put(window);
            for (const window of windows.add(samplesOf(native, channels, format, drop))) await put(window);
          } finally {
            releaseNativeFrame(native);
          }
        },
        flush: async () => {
          const last = windows.flush();
          if (last) await put(last);
        },
        close: () => undefined,
      });
    },
  };
}

function positionOf(native: NativeFrame, { timeBase, startTimeMs }: FrameClock, rate: number): number {
  return Math.round(((toMs(native.pts, timeBase) - startTimeMs) * rate) / 1000);
}

function samplesOf(native: NativeFrame, channels: number, format: PcmFormat, drop: number): Float32Array | Int16Array {
  const plane = native.data?.[0];
  const length = native.nbSamples * channels;
  if (!plane) return new Float32Array(0);
  const { byteOffset } = plane;
  const buffer = plane.buffer as ArrayBuffer;
  const samples =
    format === "float32" ? new Float32Array(buffer, byteOffset, length) : new Int16Array(buffer, byteOffset, length);
  return samples.subarray(Math.min(drop, native.nbSamples) * channels);
}

function putWindow(
  context: PipelineContext,
  index: number,
  window: PcmWindow,
  handler: (window: PcmWindow) => HandlerResult,
): Promise<void> | undefined {
  return context.queue.put({
    sizeBytes: window.samples.byteLength,
    handle: () => callHandler(context, index, window.endMs, () => handler(window)),
    release: () => undefined,
  });
}
