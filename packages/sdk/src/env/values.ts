import { McaiError } from "../errors.ts";

/** Environment variables, in the form of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The longest path of a file: PATH_MAX of Linux. */
const maxTextBytes = 4096;
/** The longest value that an error shows. A longer one is not cut, because a part of a secret would not be redacted. */
const maxShownLength = 40;

// Control characters, invisible ones, line separators, halves of a pair, and what stands for bytes that are not UTF-8.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\uFFFD]/u;

/** Returns the error of a variable with an invalid value. The value is shown only if it is passed. */
export function invalid(name: string, expected: string, value?: string): McaiError {
  return new McaiError(
    "ENVIRONMENT_INVALID",
    `${name}: expected ${expected}${value === undefined ? "" : `, got ${quote(value)}`}`,
  );
}

/** Returns a value for an error or a warning: escaped, and only its length if it is long. */
export function quote(value: string): string {
  if (value.length > maxShownLength) return `a text of ${value.length} characters`;
  const toEscape = (character: string) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(value).replaceAll(new RegExp(unprintable, "gu"), toEscape);
}

/**
 * Reads a text on one line. Undefined if the variable is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is too long, or has control characters, invisible characters, or
 *   white space at its start or end.
 */
export function readText(env: Environment, name: string, maxBytes = maxTextBytes): string | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  if (Buffer.byteLength(text) > maxBytes)
    throw invalid(name, `at most ${maxBytes} bytes of UTF-8, got ${Buffer.byteLength(text)} bytes`);
  // Not shown: it may be the text of a key.
  if (unprintable.test(text)) throw invalid(name, "a text in UTF-8 without control characters or invisible characters");
  if (text !== text.trim()) throw invalid(name, "a text without white space at its start or end", text);
  return text;
}

/**
 * Reads a whole number. Undefined if the variable is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is not a number, or out of range.
 */
export function readInteger(
  env: Environment,
  name: string,
  minimum: number,
  // 2^31 − 1 is also the maximum delay of a timer in Node.js.
  maximum = 0x7fff_ffff,
): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
  throw invalid(name, `a whole number from ${minimum} to ${maximum}`, text);
}

const switchWords = new Map([
  ...["1", "true", "yes", "on"].map((word) => [word, true] as const),
  ...["0", "false", "no", "off"].map((word) => [word, false] as const),
]);

/**
 * Reads a switch. The case of the word and white space around it do not matter. Undefined if the variable is not set or
 * empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is another word.
 */
export function readSwitch(env: Environment, name: string): boolean | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const on = switchWords.get(text.trim().toLowerCase());
  if (on === undefined) throw invalid(name, "1, true, yes, on, 0, false, no or off", text);
  return on;
}

/**
 * Reads a variable whose words the reference defines: whether it matches `on`. Another word than `on` and those that mean
 * `off` is understood as off, which is a warning.
 */
export function readReferenceWord(
  env: Environment,
  name: string,
  words: { readonly on: RegExp; readonly off: RegExp; readonly use: string },
  warn: (text: string) => void,
): boolean {
  const text = env[name];
  if (text === undefined || text === "") return false;
  if (words.on.test(text)) return true;
  if (!words.off.test(text)) warn(`${name}=${quote(text)} has no effect; use ${words.use}`);
  return false;
}
