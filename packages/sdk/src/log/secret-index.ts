/** The shortest secret that is found. Fewer characters cannot be distinguished from other text. */
export const minSecretLength = 4;
/** Of longer secrets, the parts of base64 texts in which they stand between other bytes are not looked for. */
const maxShiftedLength = 4096;

/**
 * Finds secrets in text, in the time that the text takes, however many secrets there are. They are also found in base64
 * of any alignment, and in text with JSON escapes or percent-encoding, also twice.
 */
export class SecretIndex {
  /** All forms of all secrets by their first characters, and then by their length, the longest first. */
  readonly #forms = new Map<string, Map<number, Set<string>>>();
  /** Whether any form starts with characters of this hash; it rules out nearly all places of a text. */
  readonly #starts = new Uint8Array(0x1_0000);

  /** Adds a secret of at least {@link minSecretLength} characters. */
  add(secret: string): void {
    for (const form of formsOf(secret)) {
      const start = form.slice(0, minSecretLength);
      const lengths = this.#forms.get(start) ?? new Map<number, Set<string>>();
      const forms = lengths.get(form.length);
      if (forms) forms.add(form);
      else {
        const all = [...lengths, [form.length, new Set([form])] as const];
        this.#forms.set(start, new Map(all.sort(([a], [b]) => b - a)));
      }
      this.#starts[hash(form, 0)] = 1;
    }
  }

  /** Replaces every secret in a text. Secrets that overlap have one replacement. */
  replace(text: string, replacement: string): string {
    if (this.#forms.size === 0) return text;
    const ranges: Range[] = [];
    for (const view of viewsOf({ text, starts: undefined }, 2)) ranges.push(...this.#find(view));
    return ranges.length === 0 ? text : replaceRanges(text, ranges, replacement);
  }

  #find({ text, starts }: View): Range[] {
    const ranges: Range[] = [];
    for (let at = 0; at + minSecretLength <= text.length; at++) {
      if (this.#starts[hash(text, at)] === 0) continue;
      const end = this.#endOfSecret(text, at);
      if (end === undefined) continue;
      ranges.push(starts ? [starts[at] as number, starts[end] as number] : [at, end]);
    }
    return ranges;
  }

  #endOfSecret(text: string, at: number): number | undefined {
    for (const [length, forms] of this.#forms.get(text.slice(at, at + minSecretLength)) ?? [])
      if (forms.has(text.slice(at, at + length))) return at + length;
    return undefined;
  }
}

/** The start and the end of a secret in a text. */
type Range = readonly [start: number, end: number];

function replaceRanges(text: string, ranges: Range[], replacement: string): string {
  let clean = "";
  let to = 0;
  for (const [start, end] of ranges.sort((a, b) => a[0] - b[0])) {
    if (start >= to) clean += text.slice(to, start) + replacement;
    to = Math.max(to, end);
  }
  return clean + text.slice(to);
}

/** A decoded text. `starts` has the place of each of its characters in the source, and the end; undefined if it is the source. */
interface View {
  readonly text: string;
  readonly starts: readonly number[] | undefined;
}

const percentCode = /%[0-7][\da-f]|%[cd][\da-f]%[\da-f]{2}|%e[\da-f](?:%[\da-f]{2}){2}|%f[\da-f](?:%[\da-f]{2}){3}/gi;
const jsonEscape = /\\(?:u[\da-f]{4}|x[\da-f]{2}|["'\\/bfnrt])/gi;
const shortEscapes: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };

// A text, and what it is decoded: JSON in JSON, a URL in the query of another, and both together.
function viewsOf(view: View, rounds: number): View[] {
  const views = [view];
  if (rounds === 0) return views;
  for (const [sign, pattern] of [["%", percentCode] as const, ["\\", jsonEscape] as const]) {
    const decoded = view.text.includes(sign) ? decode(view, pattern) : undefined;
    if (decoded) views.push(...viewsOf(decoded, rounds - 1));
  }
  return views;
}

function decode({ text, starts }: View, pattern: RegExp): View | undefined {
  let decoded = "";
  const places: number[] = [];
  let copied = 0;
  const copy = (end: number) => {
    for (let at = copied; at < end; at++) places.push(starts ? (starts[at] as number) : at);
    decoded += text.slice(copied, end);
  };
  for (const { 0: match, index } of text.matchAll(pattern)) {
    const character = decodeOne(match);
    copy(index);
    for (let unit = 0; unit < character.length; unit++) places.push(starts ? (starts[index] as number) : index);
    decoded += character;
    copied = index + match.length;
  }
  if (copied === 0) return undefined;
  copy(text.length);
  places.push(starts ? (starts[text.length] as number) : text.length);
  return { text: decoded, starts: places };
}

function decodeOne(match: string): string {
  if (match.startsWith("%")) {
    try {
      return decodeURIComponent(match);
    } catch {
      return match;
    }
  }
  if (/^\\[ux]/i.test(match)) return String.fromCharCode(Number.parseInt(match.slice(2), 16));
  const letter = match.slice(1);
  return shortEscapes[letter] ?? letter;
}

function hash(text: string, at: number): number {
  const [a, b, c, d] = [text.charCodeAt(at), text.charCodeAt(at + 1), text.charCodeAt(at + 2), text.charCodeAt(at + 3)];
  return (a + b * 61 + c * 1021 + d * 16_381) & 0xffff;
}

// As it is, with the space of a form, and in both alphabets of base64.
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [bytes.toString("base64"), bytes.toString("base64").replace(/=+$/, "")];
  if (secret.length <= maxShiftedLength) base64.push(...[0, 1, 2].map((shift) => base64Part(bytes, shift)));
  const urlSafe = base64.map((form) => form.replaceAll("+", "-").replaceAll("/", "_"));
  return [secret, secret.replaceAll(" ", "+"), ...base64, ...urlSafe].filter((form) => form.length >= minSecretLength);
}

// The characters of base64 that depend on the secret alone, if `shift` bytes are before it in a group of three.
function base64Part(bytes: Buffer, shift: number): string {
  const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString("base64");
  return text.slice(Math.ceil((shift * 8) / 6), Math.floor(((shift + bytes.length) * 8) / 6));
}
