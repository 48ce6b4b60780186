import type { Frame as NativeFrame } from "node-av/lib";
import { MediaError, mediaError } from "../errors.ts";
import { ffmpeg, sampleFormatName } from "../ffmpeg.ts";
import { Frame, type FrameClock } from "./frame.ts";

/**
 * An array of samples. Its type depends on FFmpeg's sample format: `u8`, `s16`, `s32`, `flt` or `dbl`, planar or not.
 */
export type Samples = Uint8Array | Int16Array | Int32Array | Float32Array | Float64Array;

const arrays = { u8: Uint8Array, s16: Int16Array, s32: Int32Array, flt: Float32Array, dbl: Float64Array } as const;

/**
 * A frame of audio, as the decoder or the last filter returned it. For windows of a fixed length, use `pcmStream`.
 *
 * @example
 * ```ts
 * audioStream(format.first("audio"), { sampleFormat: "fltp" }, ([frame]) => ({ timeMs: frame.timeMs, peak: peakOf(frame.samples(0)) }));
 * ```
 */
export class AudioFrame extends Frame {
  /** Samples per second. */
  readonly sampleRate: number;
  readonly channels: number;
  /** FFmpeg's name of the format, such as `fltp`; if it ends with `p`, each channel has its own plane. */
  readonly sampleFormat: string;
  /** The number of samples per channel. */
  readonly sampleCount: number;

  /** @internal */
  constructor(native: NativeFrame, clock: FrameClock) {
    super(native, clock);
    this.sampleRate = native.sampleRate;
    this.channels = native.channels;
    this.sampleFormat = sampleFormatName(native.format) ?? "unknown";
    this.sampleCount = native.nbSamples;
  }

  /** FFmpeg's name of the channel layout, such as `stereo`. */
  get channelLayout(): string {
    return ffmpeg().avChannelLayoutDescribe(this.native.channelLayout) ?? "unknown";
  }

  /**
   * Returns a copy of the samples of one channel, or of all channels, interleaved.
   *
   * @param channel - The channel, from 0. @default all channels, interleaved
   * @returns Samples in the range of the format: −1 to 1 for `flt` and `dbl`, integers for the others.
   * @throws {@link MediaError} `FRAME_RELEASED` after the handler has ended; `STREAM_INVALID` if there is no such
   *   channel.
   */
  samples(channel?: number): Samples {
    if (channel !== undefined && !(Number.isInteger(channel) && channel >= 0 && channel < this.channels))
      throw mediaError("STREAM_INVALID", `samples: expected a channel from 0 to ${this.channels - 1}, got ${channel}`);
    const planar = this.sampleFormat.endsWith("p");
    const SampleArray = arrays[this.sampleFormat.replace(/p$/, "") as keyof typeof arrays];
    if (!SampleArray)
      throw mediaError(
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
