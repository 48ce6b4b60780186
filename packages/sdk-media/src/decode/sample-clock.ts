import { AV_NOPTS_VALUE } from "../ffmpeg.ts";
import type { Rational } from "../rational.ts";

/**
 * Counts the samples of a stream, so that the times of its frames are exact even if the container rounds them (Matroska
 * to the millisecond, MPEG-TS to 1/90000 s). A timestamp that differs by more than rounding indicates a gap, and is
 * used.
 */
export class SampleClock {
  /** The gap between the last two frames, in seconds; negative if they overlap. */
  jumpSeconds = 0;
  /** The unit of the returned timestamps: one sample. */
  timeBase: Rational;
  readonly #streamTimeBase: Rational;
  #expected: bigint | undefined;
  #tolerance = 0n;

  constructor(timeBase: Rational) {
    this.#streamTimeBase = timeBase;
    this.timeBase = timeBase;
  }

  /**
   * Returns the timestamp of a frame in samples. A frame without a timestamp follows the previous one.
   *
   * @param pts - The frame's timestamp, in the time base of the stream.
   */
  mark(pts: bigint, sampleRate: number, sampleCount: number): bigint {
    if (sampleRate !== this.timeBase.den || this.timeBase.num !== 1) this.#setRate(sampleRate);
    const expected = this.#expected;
    const stated = pts === AV_NOPTS_VALUE ? (expected ?? 0n) : this.#toSamples(pts);
    const jump = expected === undefined ? 0n : stated - expected;
    const isNear = expected !== undefined && jump <= this.#tolerance && -jump <= this.#tolerance;
    this.jumpSeconds = isNear ? 0 : Number(jump) / sampleRate;
    const marked = isNear ? expected : stated;
    this.#expected = marked + BigInt(sampleCount);
    return marked;
  }

  #setRate(sampleRate: number): void {
    const { num, den } = this.#streamTimeBase;
    // A timestamp can be wrong by half a tick, and the one at which counting started by another half.
    this.#tolerance = BigInt(Math.ceil((num * sampleRate) / den)) + 1n;
    this.#expected = undefined;
    this.timeBase = { num: 1, den: sampleRate };
  }

  #toSamples(pts: bigint): bigint {
    const { num, den } = this.#streamTimeBase;
    const { den: rate } = this.timeBase;
    if (num === 1 && den === rate) return pts;
    return divideRounded(pts * BigInt(num) * BigInt(rate), BigInt(den));
  }
}

function divideRounded(value: bigint, by: bigint): bigint {
  const doubled = 2n * value + by;
  const quotient = doubled / (2n * by);
  return doubled < 0n && doubled % (2n * by) !== 0n ? quotient - 1n : quotient;
}
