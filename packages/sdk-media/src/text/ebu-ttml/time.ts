const MICROSECONDS = 1_000_000n;

/**
 * An exact time or duration: a fraction of whole numbers, in seconds. Frames at rates such as 30000/1001 and ticks of any
 * rate lose nothing. Times are values: no method changes one.
 *
 * @example
 * ```ts
 * Time.fromSeconds("0.1").plus(Time.fraction(1n, 3n)).toString(); // "13/30"
 * ```
 */
export class Time {
  /** Nought seconds. */
  static readonly zero: Time = new Time(0n, MICROSECONDS);
  /** The number above the line, in seconds. */
  readonly numerator: bigint;
  /** The number below the line; at least 1. */
  readonly denominator: bigint;

  private constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /**
   * `numerator / denominator` seconds.
   *
   * @throws RangeError if the denominator is not positive.
   */
  static fraction(numerator: bigint, denominator: bigint): Time {
    if (denominator <= 0n) throw new RangeError(`A time needs a positive denominator, not ${denominator}.`);
    return new Time(numerator, denominator);
  }

  /** Whole microseconds. A number must be an integer. */
  static fromMicroseconds(microseconds: bigint | number): Time {
    return new Time(BigInt(microseconds), MICROSECONDS);
  }

  /** Whole milliseconds. A number must be an integer. */
  static fromMilliseconds(milliseconds: bigint | number): Time {
    return new Time(BigInt(milliseconds) * 1000n, MICROSECONDS);
  }

  /**
   * Seconds: the decimal digits of a text are kept exactly, a number is rounded to the microsecond.
   *
   * @throws RangeError if it is not a decimal number.
   */
  static fromSeconds(seconds: string | number): Time {
    if (typeof seconds === "number" && Number.isFinite(seconds)) {
      return new Time(BigInt(Math.round(seconds * 1e6)), MICROSECONDS);
    }
    const [, sign, whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(seconds)) ?? [];
    if (whole === "") throw new RangeError(`${JSON.stringify(seconds)} is not a decimal number of seconds.`);
    return Time.fromDigits(`${sign}${whole}`, fraction);
  }

  /** A whole number and the digits of its fraction, times `scale` seconds. @internal */
  static fromDigits(whole: string, fraction: string, scale = 1n): Time {
    if (fraction.length <= 6) return new Time(BigInt(whole + fraction.padEnd(6, "0")) * scale, MICROSECONDS);
    return new Time(BigInt(whole + fraction) * scale, 10n ** BigInt(fraction.length));
  }

  /** The sum. */
  plus(other: Time): Time {
    if (this === Time.zero) return other;
    const { numerator: a, denominator: b } = this;
    if (b === other.denominator) return new Time(a + other.numerator, b);
    return new Time(a * other.denominator + other.numerator * b, b * other.denominator).reduced();
  }

  /** The difference; may be negative. */
  minus(other: Time): Time {
    return this.plus(new Time(-other.numerator, other.denominator));
  }

  /** Negative, 0 or positive, as `sort` wants it. */
  compare(other: Time): number {
    const same = this.denominator === other.denominator;
    const left = same ? this.numerator : this.numerator * other.denominator;
    const right = same ? other.numerator : other.numerator * this.denominator;
    return left < right ? -1 : left > right ? 1 : 0;
  }

  /** Whether both are the same time, however they are written. */
  equals(other: Time): boolean {
    return this.compare(other) === 0;
  }

  /** The nearest whole number of units of `num / den` seconds, as FFmpeg counts timestamps; a half goes up. */
  in(num: bigint, den: bigint): bigint {
    const top = 2n * this.numerator * den + num * this.denominator;
    const bottom = 2n * num * this.denominator;
    const quotient = top / bottom;
    return top < 0n && top % bottom !== 0n ? quotient - 1n : quotient;
  }

  /** The nearest whole number of microseconds. */
  get microseconds(): bigint {
    return this.denominator === MICROSECONDS ? this.numerator : this.in(1n, MICROSECONDS);
  }

  /** Seconds in double precision: exact to the microsecond for 200 years. */
  get seconds(): number {
    return this.denominator === MICROSECONDS ? Number(this.numerator) / 1e6 : quotient(this);
  }

  /** Milliseconds in double precision. */
  get milliseconds(): number {
    return this.denominator === MICROSECONDS ? Number(this.numerator) / 1e3 : quotient(this) * 1e3;
  }

  /** The fraction in lowest terms, `"numerator/denominator"`, in seconds. */
  toString(): string {
    const { numerator, denominator } = this.reduced();
    return `${numerator}/${denominator}`;
  }

  /** The seconds, for JSON. */
  toJSON(): number {
    return this.seconds;
  }

  private reduced(): Time {
    let a = this.numerator < 0n ? -this.numerator : this.numerator;
    let b = this.denominator;
    while (b !== 0n) [a, b] = [b, a % b];
    return a <= 1n ? this : new Time(this.numerator / a, this.denominator / a);
  }
}

// Both halves fit a double, which the whole fraction need not.
function quotient({ numerator, denominator }: Time): number {
  const whole = numerator / denominator;
  return Number(whole) + Number(((numerator % denominator) * 10n ** 18n) / denominator) / 1e18;
}

/** The earlier of two, where undefined is open. */
export function earlier(a: Time | undefined, b: Time | undefined): Time | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.compare(b) <= 0 ? a : b;
}

/** The later of two. */
export function later(a: Time, b: Time): Time {
  return a.compare(b) >= 0 ? a : b;
}
