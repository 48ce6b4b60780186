/**
 * A fraction, as FFmpeg expresses rates and time bases: 30000/1001 frames per second, 1/90000 of a second. Source:
 * FFmpeg's `AVRational`.
 *
 * @example
 * ```ts
 * const seconds = (Number(frame.pts) * frame.timeBase.num) / frame.timeBase.den;
 * ```
 */
export interface Rational {
  /** The numerator. */
  readonly num: number;
  /** The denominator. */
  readonly den: number;
}

/** Converts a timestamp to milliseconds. */
export function toMs(pts: bigint, { num, den }: Rational): number {
  return (Number(pts) * num * 1000) / den;
}

/**
 * Returns the first timestamp at or after a time in microseconds, with a tolerance of 1 µs for the rounding of
 * containers.
 */
export function ptsAtOrAfter(timeUs: number, { num, den }: Rational): bigint {
  const numerator = (BigInt(Math.round(timeUs)) - 1n) * BigInt(den);
  const denominator = BigInt(num) * 1_000_000n;
  const quotient = numerator / denominator;
  return numerator % denominator > 0n ? quotient + 1n : quotient;
}

/** Returns the timestamp that is nearest to a time in microseconds. */
export function roundToPts(timeUs: number, { num, den }: Rational): bigint {
  const numerator = 2n * BigInt(Math.round(timeUs)) * BigInt(den) + BigInt(num) * 1_000_000n;
  const denominator = 2n * BigInt(num) * 1_000_000n;
  const quotient = numerator / denominator;
  return numerator < 0n && numerator % denominator !== 0n ? quotient - 1n : quotient;
}
