/// <reference lib="es2024.string" />
import { isUtf8 } from "node:buffer";
import { EbuTtError } from "./error.ts";
import { SourceText } from "./position.ts";

/** A text encoding. */
export type Encoding = "utf8" | "utf16le" | "utf16be";

/** Returns the encoding of a byte order mark and its length in bytes; UTF-8 if there is no mark. */
export function markOf(bytes: Uint8Array): { readonly encoding: Encoding; readonly bytes: number } {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return { encoding: "utf16le", bytes: 2 };
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return { encoding: "utf16be", bytes: 2 };
  return { encoding: "utf8", bytes: bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0 };
}

/**
 * Decodes bytes by their byte order mark, or as UTF-8. The mark is removed.
 *
 * @throws {@link EbuTtError} `BadEncoding` if the bytes are invalid.
 */
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

/** Returns the message for bytes that are invalid in an encoding. */
export function notInEncoding(encoding: Encoding): string {
  return `These bytes are not ${encoding === "utf8" ? "UTF-8" : "UTF-16"}.`;
}

/** The text of bytes, up to the last complete and valid character. The rest can be the start of a character. */
export interface Decoded {
  readonly text: string;
  readonly bytes: number;
  /** Whether the bytes after the text are invalid, whatever follows them. */
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

// An incomplete character at the end is removed.
function utf16(bytes: Buffer, encoding: Encoding): string {
  const even = bytes.subarray(0, bytes.byteLength & ~1);
  return (encoding === "utf16le" ? even : Buffer.from(even).swap16()).toString("utf16le");
}

/** Returns the index of the first lone surrogate in a text; -1 if there is none. */
export function firstLoneSurrogate(text: string): number {
  return text.search(/\p{Surrogate}/u);
}

// Returns the number of leading bytes that are valid UTF-8: by blocks, and by characters in the first invalid block.
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

// Returns where the last complete character before `end` ends, by looking at the last bytes only.
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
