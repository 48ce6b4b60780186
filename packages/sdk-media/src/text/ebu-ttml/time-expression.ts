import { Time } from "./time.ts";

/** The attributes of `tt` that the values of time expressions depend on. */
export interface Timing {
  /**
   * The grammar: `"ebu-tt-live"` (Tech 3370) has clock times and `h`, `m`, `s`, `ms`; `"ttml"` adds frames and ticks.
   *
   * @default "ebu-tt-live"
   */
  readonly dialect?: "ebu-tt-live" | "ttml";
  /** The time base. @default "media" */
  readonly timeBase?: "clock" | "media" | "smpte";
  /** Frames per second, from `ttp:frameRate`. @default 30 */
  readonly frameRate?: number;
  /** The multiplier of the frame rate, as numerator and denominator, such as `[1000, 1001]`. @default [1, 1] */
  readonly frameRateMultiplier?: readonly [number, number];
  /** Sub-frames per frame. @default 1 */
  readonly subFrameRate?: number;
  /** Ticks per second. @default the frame rate × the sub-frame rate if there is a frame rate, else 1 */
  readonly tickRate?: number;
  /** The drop mode of the time base `smpte`. @default "nonDrop" */
  readonly dropMode?: "nonDrop" | "dropNTSC" | "dropPAL";
}

const UNITS = { h: 3600n, m: 60n, s: 1n } as const;
const OFFSET = /^(\d+)(?:\.(\d+))?(h|ms|m|s|f|t)$/;
const FRAMES = /^(\d{2,}):(\d\d):(\d\d):(\d{2,})(?:\.(\d+))?$/;
const SMPTE_FRAMES = /^([01]\d|2[0-3]):(\d\d):([0-5]\d):(\d\d)$/; // no leap second
const DIGIT_0 = 48;
const COLON = 58;

/**
 * Returns the exact time of a time expression (`00:00:05.04`, `2.5m`, in TTML also `00:00:02:15`, `12f`, `90000t`), or
 * undefined if it is not valid in this dialect and time base.
 *
 * @example
 * ```ts
 * parseTime("00:00:02:15", { dialect: "ttml", frameRate: 30, frameRateMultiplier: [1000, 1001] })?.toString(); // "5001/2000"
 * ```
 */
export function parseTime(text: string, timing: Timing = {}): Time | undefined {
  return parseTimeOf(timing.dialect ?? "ebu-tt-live", text, timing);
}

/** Like {@link parseTime}, but for a dialect other than that of the timing. @internal */
export function parseTimeOf(dialect: NonNullable<Timing["dialect"]>, text: string, timing: Timing): Time | undefined {
  // No valid time is this long, and large numbers are slow. All time expressions start with a digit.
  if (text.length > 256 || !(wholeNumber(text, 0, 1) >= 0)) return undefined;
  const { timeBase = "media" } = timing;
  if (dialect === "ttml") return clockTime(text, false) ?? framesTime(text, FRAMES, timing) ?? offsetTime(text, timing);
  if (timeBase === "smpte") return framesTime(text, SMPTE_FRAMES, timing);
  return clockTime(text, timeBase === "clock") ?? offsetTime(text, undefined);
}

/** Returns the frames per second as a fraction: frame rate × multiplier. */
function effectiveRate(timing: Timing): [bigint, bigint] {
  const [num, den] = timing.frameRateMultiplier ?? [1, 1];
  return [BigInt(timing.frameRate ?? 30) * BigInt(num), BigInt(den)];
}

// Uses character codes for speed: it is called for every time of every document.
function clockTime(text: string, twoHourDigits: boolean): Time | undefined {
  const hourDigits = text.indexOf(":");
  if (hourDigits < 2 || (twoHourDigits && hourDigits > 2)) return undefined;
  const length = text.length;
  const dot = hourDigits + 6;
  if (text.charCodeAt(hourDigits + 3) !== COLON || (length > dot && text[dot] !== ".") || length === dot + 1)
    return undefined;
  if (length < dot) return undefined;
  const hours = wholeNumber(text, 0, hourDigits);
  const minutes = wholeNumber(text, hourDigits + 1, hourDigits + 3);
  const seconds = wholeNumber(text, hourDigits + 4, dot);
  const fraction = wholeNumber(text, dot + 1, length);
  if (!(hours >= 0 && minutes <= 59 && seconds <= 60 && fraction >= 0)) return undefined;
  const fractionDigits = Math.max(0, length - dot - 1);
  if (hourDigits > 6 || fractionDigits > 6) {
    const whole = BigInt(text.slice(0, hourDigits)) * 3600n + BigInt(minutes * 60 + seconds);
    return Time.fromDigits(String(whole), text.slice(dot + 1));
  }
  return Time.fromMicroseconds((hours * 3600 + minutes * 60 + seconds) * 1e6 + fraction * 10 ** (6 - fractionDigits));
}

// Returns NaN if a character is not a digit; the result is inexact for more than 15 digits.
function wholeNumber(text: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - DIGIT_0;
    if (!(digit >= 0 && digit <= 9)) return Number.NaN;
    value = value * 10 + digit;
  }
  return value;
}

function framesTime(text: string, pattern: RegExp, timing: Timing): Time | undefined {
  const match = pattern.exec(text);
  if (match === null) return undefined;
  const [hours, minutes, seconds, frames, subFrames = 0n] = match.slice(1).map((part) => BigInt(part ?? 0)) as Numbers;
  const { frameRate = 30, subFrameRate = 1, dropMode = "nonDrop" } = timing;
  if (minutes > 59n || seconds > 60n || frames >= BigInt(frameRate) || subFrames >= BigInt(subFrameRate))
    return undefined;
  const [rate, rateDen] = effectiveRate(timing);
  const whole = hours * 3600n + minutes * 60n + seconds;
  const sub = BigInt(subFrameRate);
  const ofFrames = (count: bigint) => Time.fraction((count * sub + subFrames) * rateDen, rate * sub);
  if (timing.timeBase !== "smpte") return ofFrames(frames).plus(Time.fraction(whole, 1n));
  return ofFrames(whole * BigInt(frameRate) + frames - droppedFrames(hours * 60n + minutes, dropMode));
}

type Numbers = [bigint, bigint, bigint, bigint, bigint?];

function droppedFrames(minutes: bigint, mode: NonNullable<Timing["dropMode"]>): bigint {
  if (mode === "dropNTSC") return 2n * (minutes - minutes / 10n);
  if (mode === "dropPAL") return 4n * (minutes / 2n - minutes / 20n);
  return 0n;
}

function offsetTime(text: string, timing: Timing | undefined): Time | undefined {
  const match = OFFSET.exec(text);
  if (match === null) return undefined;
  const [, whole = "", fraction = "", unit = ""] = match;
  if (unit === "ms") {
    const shifted = `${whole}${fraction}`.padStart(fraction.length + 4, "0");
    return Time.fromDigits(shifted.slice(0, -3 - fraction.length), shifted.slice(-3 - fraction.length));
  }
  if (unit === "h" || unit === "m" || unit === "s") return Time.fromDigits(whole, fraction, UNITS[unit]);
  if (timing === undefined) return undefined;
  const [rate, rateDen] = unit === "f" ? effectiveRate(timing) : [tickRate(timing), 1n];
  return Time.fraction(BigInt(whole + fraction) * rateDen, rate * 10n ** BigInt(fraction.length));
}

function tickRate({ tickRate, frameRate, subFrameRate = 1 }: Timing): bigint {
  return BigInt(tickRate ?? (frameRate === undefined ? 1 : frameRate * subFrameRate));
}
