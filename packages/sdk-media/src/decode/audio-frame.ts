import type { Frame as NativeFrame } from "node-av/lib";
import { MediaError } from "../errors.ts";
import { ffmpeg, sampleFormatName } from "../ffmpeg.ts";
import { Frame, type FrameClock } from "./frame.ts";

/** The arrays in which samples come, by FFmpeg's sample format without its `p` for planar. */
export type Samples = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

const arrays = { u8: Uint8Array, s16: Int16Array, s32: Int32Array, flt: Float32Array, dbl: Float64Array } as const;

/**
 * A piece of sound, as the decoder or the filter gave it. Windows of a fixed length come from `pcmStream`.
 *
 * @example
 * ```ts
 * audioStream(format.first("audio"), { sampleFormat: "fltp" }, ([frame]) => ({ timeMs: frame.timeMs, peak: peakOf(frame.samples(0)) }));
 * ```
 */
export class AudioFrame extends Frame {
  /** Samples a second. */
  readonly sampleRate: number;
  readonly channels: number;
  /** FFmpeg's name, such as `fltp`; with a `p` at its end each channel has a plane of its own. */
  readonly sampleFormat: string;
  /** Samples of each channel. */
  readonly sampleCount: number;

  /** @internal */
  constructor(native: NativeFrame, clock: FrameClock) {
    super(native, clock);
    this.sampleRate = native.sampleRate;
    this.channels = native.channels;
    this.sampleFormat = sampleFormatName(native.format) ?? "unknown";
    this.sampleCount = native.nbSamples;
  }

  /** FFmpeg's name, such as `stereo`. */
  get channelLayout(): string {
    return ffmpeg().avChannelLayoutDescribe(this.native.channelLayout) ?? "unknown";
  }

  /**
   * A copy of the samples: of one channel, or of all, interleaved.
   *
   * @param channel - From 0. @default all channels, interleaved
   * @returns Numbers in the range of the format: −1 to 1 for `flt` and `dbl`, whole numbers for the others.
   * @throws {MediaError} `FRAME_RELEASED` after the handler; `STREAM_INVALID` for a channel that is not there.
   */
  samples(channel?: number): Samples {
    if (channel !== undefined && !(Number.isInteger(channel) && channel >= 0 && channel < this.channels))
      throw new MediaError(
        "STREAM_INVALID",
        `samples: expected a channel from 0 to ${this.channels - 1}, got ${channel}`,
      );
    const planar = this.sampleFormat.endsWith("p");
    const SampleArray = arrays[this.sampleFormat.replace(/p$/, "") as keyof typeof arrays];
    if (!SampleArray)
      throw new MediaError(
        "STREAM_INVALID",
        `samples: unknown sample format ${this.sampleFormat}; set the stream's sampleFormat`,
      );
    const { channels, sampleCount } = this;
    const length = sampleCount * (planar ? 1 : channels);
    const planes = this.planes.map((plane) => new SampleArray(plane.buffer as ArrayBuffer, plane.byteOffset, length));
    const only = channel ?? (channels === 1 ? 0 : undefined);
    if (planar && only !== undefined) return (planes[only] as Samples).slice();
    if (!planar && (only === undefined || channels === 1)) return (planes[0] as Samples).slice();
    const out = new SampleArray(only === undefined ? sampleCount * channels : sampleCount);
    for (let i = 0; i < out.length; i++) {
      if (only !== undefined) out[i] = planes[0]?.[i * channels + only] as number;
      else out[i] = planes[i % channels]?.[Math.floor(i / channels)] as number;
    }
    return out;
  }
}
