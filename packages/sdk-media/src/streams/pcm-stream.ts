import type { Frame as NativeFrame } from "node-av/lib";
import type { FrameClock } from "../decode/frame.ts";
import { type PcmFormat, type PcmWindow, PcmWindows } from "../decode/pcm-windows.ts";
import { MediaError } from "../errors.ts";
import { toMs } from "../rational.ts";
import type { MediaStream } from "../source/format-context.ts";
import { CodedPipeline } from "./coded-pipeline.ts";
import { type Filter, toAudioChain } from "./filters.ts";
import { expectKind, type HandlerResult, type PipelineContext, type StreamDescriptor } from "./stream-descriptor.ts";

/** How the windows of a stream come. */
export interface PcmStreamOptions {
  /** Samples a second. */
  readonly sampleRate: number;
  /** @default 1 */
  readonly channels?: number;
  /** How long a window is; a whole number of samples comes of it. */
  readonly windowMs: number;
  /** How much of a window its successor has again. @default 0 */
  readonly overlapMs?: number;
  /** @default "float32" */
  readonly format?: PcmFormat;
  /** One channel after the other, instead of interleaved. @default false */
  readonly planar?: boolean;
  /** Filters before that. @default none */
  readonly filters?: readonly Filter[];
}

/**
 * Asks for the sound of a stream in windows of one length, as models want it. Gaps in the source are filled with silence
 * and reported in the log; times are exact to the sample.
 *
 * @param stream - Such as `format.first("audio")`.
 * @param options - Sample rate, channels, window, overlap, format.
 * @param handler - Gets one window a call; its samples are a copy and last.
 * @throws {MediaError} `STREAM_INVALID` if it is no audio stream, or the window is none.
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
/** As above, with samples of 16 bits. */
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
  if (!(rate > 0) || !(length > 0) || !(overlap >= 0 && overlap < length))
    throw new MediaError(
      "STREAM_INVALID",
      `pcmStream: expected a sample rate and a window longer than its overlap, got ${JSON.stringify(options)}`,
    );
  const sampleFormat = format === "float32" ? "flt" : "s16";
  return {
    index: stream.index,
    kind: "audio",
    open(context) {
      const chain = toAudioChain({ sampleRate: rate, channels, sampleFormat, filters });
      const windows = new PcmWindows({ rate, channels, length, overlap, planar, format });
      const put = (window: PcmWindow) =>
        putWindow(context, stream.index, window, handler as (window: PcmWindow) => HandlerResult);
      return new CodedPipeline({
        index: stream.index,
        kind: "audio",
        context,
        makeChain: () => chain,
        take: async (native, clock) => {
          const position = positionOf(native, clock, rate);
          const added = windows.add(samplesOf(native, channels, format), position);
          native.free();
          if (added.gap > 0)
            context.onGap(stream.index, ((position - added.gap) * 1000) / rate, (added.gap * 1000) / rate);
          for (const window of added.windows) await put(window);
        },
        finish: async () => {
          const last = windows.end();
          if (last) await put(last);
        },
        discard: () => undefined,
      });
    },
  };
}

function positionOf(native: NativeFrame, { timeBase, startTimeMs }: FrameClock, rate: number): number {
  return Math.round(((toMs(native.pts, timeBase) - startTimeMs) * rate) / 1000);
}

function samplesOf(native: NativeFrame, channels: number, format: PcmFormat): Float32Array | Int16Array {
  const plane = native.data?.[0];
  const length = native.nbSamples * channels;
  if (!plane) return new Float32Array(0);
  return format === "float32"
    ? new Float32Array(plane.buffer as ArrayBuffer, plane.byteOffset, length)
    : new Int16Array(plane.buffer as ArrayBuffer, plane.byteOffset, length);
}

function putWindow(
  context: PipelineContext,
  index: number,
  window: PcmWindow,
  handler: (window: PcmWindow) => HandlerResult,
): Promise<void> {
  return context.queue.put({
    sizeBytes: window.samples.byteLength,
    handle: async () => {
      const result = await handler(window);
      if (result !== undefined) await context.onResult(result);
      context.onPosition(index, window.endMs);
    },
    release: () => undefined,
  });
}
