const MICROSECONDS = 1_000_000n;

/**
 * An exact time or duration in seconds, as a fraction of integers. It expresses frames at rates such as 30000/1001, and
 * ticks of any rate, without loss. Times are immutable.
 *
 * @example
 * ```ts
 * Time.fromSeconds("0.1").plus(Time.fraction(1n, 3n)).toString(); // "13/30"
 * ```
 */
export class Time {
  /** Zero seconds. */
  static readonly zero: Time = new Time(0n, MICROSECONDS);
  /** The numerator of the fraction of a second. */
  readonly numerator: bigint;
  /** The denominator; at least 1. */
  readonly denominator: bigint;

  private constructor(numerator: bigint, denominator: bigint) {
    this.numerator = numerator;
    this.denominator = denominator;
  }

  /**
   * Creates a time of `numerator / denominator` seconds.
   *
   * @throws {@link RangeError} If the denominator is not positive.
   */
  static fraction(numerator: bigint, denominator: bigint): Time {
    if (denominator <= 0n) throw new RangeError(`Expected a positive denominator, got ${denominator}.`);
    return new Time(numerator, denominator);
  }

  /** Creates a time from microseconds. A number must be an integer. */
  static fromMicroseconds(microseconds: bigint | number): Time {
    return new Time(BigInt(microseconds), MICROSECONDS);
  }

  /** Creates a time from milliseconds. A number must be an integer. */
  static fromMilliseconds(milliseconds: bigint | number): Time {
    return new Time(BigInt(milliseconds) * 1000n, MICROSECONDS);
  }

  /**
   * Creates a time from seconds. The decimal digits of a string are exact; a number is rounded to the microsecond.
   *
   * @throws {@link RangeError} If it is not a decimal number.
   */
  static fromSeconds(seconds: string | number): Time {
    if (typeof seconds === "number" && Number.isFinite(seconds)) {
      return new Time(BigInt(Math.round(seconds * 1e6)), MICROSECONDS);
    }
    const [, sign, whole = "", fraction = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(seconds)) ?? [];
    if (whole === "") throw new RangeError(`${JSON.stringify(seconds)} is not a decimal number of seconds.`);
    return Time.fromDigits(`${sign}${whole}`, fraction);
  }

  /** Creates a time from the digits of a decimal number, times `scale` seconds. @internal */
  static fromDigits(whole: string, fraction: string, scale = 1n): Time {
    if (fraction.length <= 6) return new Time(BigInt(whole + fraction.padEnd(6, "0")) * scale, MICROSECONDS);
    return new Time(BigInt(whole + fraction) * scale, 10n ** BigInt(fraction.length));
  }

  /** Returns the sum. */
  plus(other: Time): Time {
    if (this === Time.zero) return other;
    const { numerator: a, denominator: b } = this;
    if (b === other.denominator) return new Time(a + other.numerator, b);
    return new Time(a * other.denominator + other.numerator * b, b * other.denominator).reduced();
  }

  /** Returns the difference, which can be negative. */
  minus(other: Time): Time {
    return this.plus(new Time(-other.numerator, other.denominator));
  }

  /** Compares two times for `sort`: returns a negative number, 0 or a positive number. */
  compare(other: Time): number {
    const same = this.denominator === other.denominator;
    const left = same ? this.numerator : this.numerator * other.denominator;
    const right = same ? other.numerator : other.numerator * this.denominator;
    return left < right ? -1 : left > right ? 1 : 0;
  }

  /** Whether both are the same time, even if their fractions differ. */
  equals(other: Time): boolean {
    return this.compare(other) === 0;
  }

  /**
   * Returns the nearest whole number of units of `num / den` seconds, such as FFmpeg's timestamps. Halves are rounded
   * up.
   */
  in(num: bigint, den: bigint): bigint {
    const top = 2n * this.numerator * den + num * this.denominator;
    const bottom = 2n * num * this.denominator;
    const quotient = top / bottom;
    return top < 0n && top % bottom !== 0n ? quotient - 1n : quotient;
  }

  /** The time in microseconds, rounded to an integer. */
  get microseconds(): bigint {
    return this.denominator === MICROSECONDS ? this.numerator : this.in(1n, MICROSECONDS);
  }

  /** The time in seconds, in double precision: exact to the microsecond for 200 years. */
  get seconds(): number {
    return this.denominator === MICROSECONDS ? Number(this.numerator) / 1e6 : quotient(this);
  }

  /** The time in milliseconds, in double precision. */
  get milliseconds(): number {
    return this.denominator === MICROSECONDS ? Number(this.numerator) / 1e3 : quotient(this) * 1e3;
  }

  /** Returns the seconds as a fraction in lowest terms, `"numerator/denominator"`. */
  toString(): string {
    const { numerator, denominator } = this.reduced();
    return `${numerator}/${denominator}`;
  }

  /** Returns the seconds, for JSON. */
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

// The integer part and the remainder fit a double, even if the numerator does not.
function quotient({ numerator, denominator }: Time): number {
  const whole = numerator / denominator;
  return Number(whole) + Number(((numerator % denominator) * 10n ** 18n) / denominator) / 1e18;
}

/** Returns the earlier of two times, where undefined means never. */
export function earlier(a: Time | undefined, b: Time | undefined): Time | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a.compare(b) <= 0 ? a : b;
}

/** Returns the later of two times. */
export function later(a: Time, b: Time): Time {
  return a.compare(b) >= 0 ? a : b;
}
