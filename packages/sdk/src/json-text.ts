import { McaiError } from "./errors.ts";

/** A number of a JSON text that JavaScript does not keep: where it is in a value, and how it is written. */
export interface LostNumber {
  /** The keys and indices inside the value that contains it; empty if it is the value itself. */
  readonly keys: readonly string[];
  readonly text: string;
}

/** How many lost numbers of one field of a parameter are found: as many as faults are listed in one answer. */
const maxLostNumbers = 1000;
/** The nesting of the commas between the fields of a parameter of an order. */
const fieldDepth = 3;
/** The first double at which not every integer is one. */
const maxExact = 2 ** 53;
// A number without either is kept: it has too few digits to lose one, and too few to be out of range.
const suspicious = /\d{16}|\d[eE]/;
// Begins a string that stands for a lost number. No sender knows it, so that no other string begins with it. Made on first
// use, which few orders need: loading the module of `crypto` is a part of the start.
let mark: string | undefined;

/** Thrown for a value of a store that has lost numbers. */
export class LostNumbersError extends McaiError {
  readonly numbers: readonly LostNumber[];

  /** @param numbers - At least one. */
  constructor(numbers: readonly LostNumber[]) {
    super("PARAMETERS_INVALID", "The value has numbers that JavaScript does not keep.");
    this.numbers = numbers;
  }
}

/**
 * A parsed JSON text that also knows which numbers it has lost: `JSON.parse` makes 9007199254740992 of 9007199254740993, and
 * `Infinity` of 1e400. Fractions are rounded, as in every language; they are not lost.
 */
export class JsonText {
  readonly value: unknown;
  // The same value, with a marked string for each lost number.
  readonly #marked: unknown;

  /** @throws {@link SyntaxError} If the text is not JSON. */
  constructor(text: string) {
    this.value = JSON.parse(text);
    const marked = suspicious.test(text) ? markLostNumbers(text) : text;
    this.#marked = marked === text ? undefined : JSON.parse(marked);
  }

  /** Finds the numbers that are lost in the value at a path; undefined if there is none. */
  lostNumbers(...path: readonly (string | number)[]): readonly LostNumber[] | undefined {
    if (this.#marked === undefined) return undefined;
    let value: unknown = this.#marked;
    for (const key of path) value = childOf(value, key);
    const found: LostNumber[] = [];
    findMarks(value, [], found);
    return found.length > 0 ? found : undefined;
  }
}

function childOf(value: unknown, key: string | number): unknown {
  const isParent = typeof value === "object" && value !== null && Object.hasOwn(value, key);
  return isParent ? (value as Record<string | number, unknown>)[key] : undefined;
}

// `keys` are those of the value; they are copied only for what is found.
function findMarks(value: unknown, keys: (string | number)[], found: LostNumber[]): void {
  if (typeof value === "string" && mark !== undefined && value.startsWith(mark))
    found.push({ keys: keys.map(String), text: value.slice(mark.length) });
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) findInside(value[i], i, keys, found);
  } else {
    for (const key of Object.keys(value)) findInside((value as Record<string, unknown>)[key], key, keys, found);
  }
}

function findInside(value: unknown, key: string | number, keys: (string | number)[], found: LostNumber[]): void {
  keys.push(key);
  findMarks(value, keys, found);
  keys.pop();
}

// The text is JSON, so whatever begins with a digit or a minus outside of a string is a number.
function markLostNumbers(text: string): string {
  mark ??= `\u007f${crypto.randomUUID()}`;
  const pieces: string[] = [];
  let copied = 0;
  let depth = 0;
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) i = endOfString(text, i);
    else if (code === 0x7b || code === 0x5b) depth++;
    else if (code === 0x7d || code === 0x5d) depth--;
    // Each field of a parameter has a count of its own.
    else if (code === 0x2c && depth <= fieldDepth) count = 0;
    else if (code === 0x2d || isDigit(code)) {
      const end = endOfNumber(text, i);
      if (count < maxLostNumbers && isLost(text.slice(i, end))) {
        count++;
        pieces.push(text.slice(copied, i), `"${mark}${text.slice(i, end)}"`);
        copied = end;
      }
      i = end - 1;
    }
  }
  return copied === 0 ? text : pieces.join("") + text.slice(copied);
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1;
  return i;
}

function endOfNumber(text: string, start: number): number {
  let i = start + 1;
  for (; i < text.length; i++) {
    const code = text.charCodeAt(i);
    // Digits, a point, e or E, and the sign of the exponent.
    if (!isDigit(code) && code !== 0x2e && (code | 0x20) !== 0x65 && code !== 0x2b && code !== 0x2d) break;
  }
  return i;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/**
 * Whether a number of a JSON text is lost: it is beyond the range of a double, or it is as large as integers are and the
 * double is another one. A double that is written with a point or an exponent may have the shortest form of its value, which
 * is what a sender with doubles writes (1e23).
 */
function isLost(text: string): boolean {
  const value = Number(text);
  if (Math.abs(value) < maxExact) return false;
  if (!Number.isFinite(value)) return true;
  const digits = toDigits(text);
  if (digits === toDigits(String(BigInt(value)))) return false;
  return !/[.eE]/.test(text) || digits !== toDigits(String(value));
}

// The significant digits of a number and its power of ten: the same for all forms of the same number.
function toDigits(text: string): string {
  const [mantissa = "", exponent = "0"] = text.replace("-", "").toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  const all = (whole + fraction).replace(/^0+/, "");
  const significant = all.replace(/0+$/, "");
  return `${significant}e${Number(exponent) - fraction.length + all.length - significant.length}`;
}
