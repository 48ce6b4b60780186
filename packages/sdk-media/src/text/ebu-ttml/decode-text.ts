/// <reference lib="es2024.string" />
import { isUtf8 } from "node:buffer";
import { EbuTtError } from "./error.ts";
import { SourceText } from "./position.ts";

/** How bytes are text. */
export type Encoding = "utf8" | "utf16le" | "utf16be";

/** What a byte order mark says, and how many bytes it has; UTF-8 without one. */
export function markOf(bytes: Uint8Array): { readonly encoding: Encoding; readonly bytes: number } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: "utf16le", bytes: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: "utf16be", bytes: 2 };
  return { encoding: "utf8", bytes: bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0 };
}

/** Bytes as text, by their byte order mark, else UTF-8; the mark is left out. @throws EbuTtError `BadEncoding` */
export function decodeText(bytes: Uint8Array): string {
  const { encoding, bytes: markBytes } = markOf(bytes);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + markBytes, bytes.byteLength - markBytes);
  if (encoding === "utf8" && isUtf8(buffer)) return buffer.toString("utf8");
  const text = encoding === "utf8" ? buffer.toString("utf8", 0, validLength(buffer)) : utf16(buffer, encoding);
  if (encoding !== "utf8" && text.isWellFormed()) return text;
  const source = new SourceText();
  const before = encoding === "utf8" ? text : text.slice(0, firstLoneSurrogate(text));
  source.append({ text: before, packetIndex: 0, byteOffset: markBytes, utf16: encoding !== "utf8" });
  throw new EbuTtError("BadEncoding", notInEncoding(encoding), { position: source.positionAt(before.length) });
}

/** That bytes are not of an encoding. */
export function notInEncoding(encoding: Encoding): string {
  return `These bytes are not ${encoding === "utf8" ? "UTF-8" : "UTF-16"}.`;
}

/** Bytes as text, as far as they hold whole characters and are valid; the rest may be the beginning of a character. */
export interface Decoded {
  readonly text: string;
  readonly bytes: number;
  /** Whether the bytes behind the text are wrong, whatever follows them. */
  readonly isInvalid: boolean;
}

/** Decodes a block of a stream. */
export function decodeBlock(block: Buffer, encoding: Encoding): Decoded {
  if (encoding !== "utf8") {
    const all = utf16(block, encoding);
    const text = /[\ud800-\udbff]$/.test(all) ? all.slice(0, -1) : all;
    const chars = text.isWellFormed() ? text.length : firstLoneSurrogate(text);
    return { text: text.slice(0, chars), bytes: chars * 2, isInvalid: chars < text.length };
  }
  const whole = block.subarray(0, wholeLength(block, block.byteLength));
  if (isUtf8(whole)) return { text: whole.toString("utf8"), bytes: whole.byteLength, isInvalid: false };
  const bytes = validLength(whole);
  return { text: whole.toString("utf8", 0, bytes), bytes, isInvalid: true };
}

// What is half a character at the end is left out.
function utf16(bytes: Buffer, encoding: Encoding): string {
  const even = bytes.subarray(0, bytes.byteLength & ~1);
  return (encoding === "utf16le" ? even : Buffer.from(even).swap16()).toString("utf16le");
}

/** Where in a text half a surrogate pair is; -1 if nowhere. */
export function firstLoneSurrogate(text: string): number {
  return text.search(/\p{Surrogate}/u);
}

// How many bytes from the first on are UTF-8: by blocks, and by characters in the block that is not.
function validLength(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.byteLength) {
    const end = wholeLength(bytes, Math.min(at + 4096, bytes.byteLength));
    if (end > at && isUtf8(bytes.subarray(at, end))) {
      at = end;
      continue;
    }
    const next = at + sequenceLength(bytes[at] ?? 0);
    if (next > bytes.byteLength || !isUtf8(bytes.subarray(at, next))) return at;
    at = next;
  }
  return at;
}

// Up to where the bytes before `end` hold whole characters, by the last bytes alone.
function wholeLength(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3 && back <= end; back++) {
    const byte = bytes[end - back] ?? 0;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) return sequenceLength(byte) > back ? end - back : end;
  }
  return end;
}

function sequenceLength(lead: number): number {
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
}
