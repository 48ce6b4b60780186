import type { Frame as NativeFrame } from "node-av/lib";
import { AV_NOPTS_VALUE } from "../ffmpeg.ts";
import type { Rational } from "../rational.ts";

/**
 * Counts the samples of a stream, so that the times of its frames are exact where the container rounds them (Matroska to
 * the millisecond, MPEG-TS to 1/90000). A timestamp that differs by more than rounding is a gap, and is believed.
 */
export class SampleClock {
  /** How far the frame marked last is from the end of the one before it, in seconds; below 0 if they overlap. */
  jumpSeconds = 0;
  readonly #timeBase: Rational;
  #expected: bigint | undefined;
  #rate = 0;

  constructor(timeBase: Rational) {
    this.#timeBase = timeBase;
  }

  /** Gives a frame its timestamp in samples, and what their unit is. One without a timestamp follows the one before. */
  mark(frame: NativeFrame): Rational {
    const { num, den } = this.#timeBase;
    const rate = frame.sampleRate;
    // A timestamp may be wrong by half a tick, and the one that the count began with by another half.
    const tolerance = BigInt(Math.ceil((num * rate) / den)) + 1n;
    const expected = rate === this.#rate ? this.#expected : undefined;
    const { pts } = frame;
    const told =
      pts === AV_NOPTS_VALUE ? (expected ?? 0n) : divideRounded(pts * BigInt(num) * BigInt(rate), BigInt(den));
    const jump = expected === undefined ? 0n : told - expected;
    const isNear = expected !== undefined && jump <= tolerance && -jump <= tolerance;
    this.jumpSeconds = isNear ? 0 : Number(jump) / rate;
    frame.pts = isNear ? expected : told;
    this.#expected = frame.pts + BigInt(frame.nbSamples);
    this.#rate = rate;
    return { num: 1, den: rate };
  }
}

function divideRounded(value: bigint, by: bigint): bigint {
  const doubled = 2n * value + by;
  const quotient = doubled / (2n * by);
  return doubled < 0n && doubled % (2n * by) !== 0n ? quotient - 1n : quotient;
}
