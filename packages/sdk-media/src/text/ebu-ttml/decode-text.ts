import { isUtf8 } from "node:buffer";
import { EbuTtError } from "./error.ts";

/** Bytes as text, by their byte order mark, else UTF-8; the mark is left out. @throws EbuTtError `BadEncoding` */
export function decodeText(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (buffer[0] === 0xff && buffer[1] === 0xfe) return buffer.subarray(2).toString("utf16le");
  if (buffer[0] === 0xfe && buffer[1] === 0xff) return swapped(buffer.subarray(2)).toString("utf16le");
  if (!isUtf8(buffer)) throw badEncoding(buffer);
  return buffer.toString("utf8", buffer[0] === 0xef && buffer[1] === 0xbb && buffer[2] === 0xbf ? 3 : 0);
}

/** How the bytes of a stream are text. */
export type Encoding = "utf8" | "utf16le" | "utf16be";

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
    const even = block.subarray(0, block.byteLength & ~1);
    const text = encoding === "utf16le" ? even.toString("utf16le") : swapped(even).toString("utf16le");
    return { text, bytes: even.byteLength, isInvalid: false };
  }
  const whole = block.subarray(0, wholeLength(block, block.byteLength));
  if (isUtf8(whole)) return { text: whole.toString("utf8"), bytes: whole.byteLength, isInvalid: false };
  const bytes = validLength(whole);
  return { text: whole.toString("utf8", 0, bytes), bytes, isInvalid: true };
}

function swapped(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.byteLength & ~1)).swap16();
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

function badEncoding(buffer: Buffer): EbuTtError {
  const byteOffset = validLength(buffer);
  const before = buffer.toString("utf8", 0, byteOffset);
  const lines = before.split(/\r\n|\r|\n/);
  const position = {
    packetIndex: 0,
    byteOffset,
    charOffset: before.length,
    line: lines.length,
    column: (lines.at(-1) ?? "").length + 1,
  };
  return new EbuTtError("BadEncoding", "These bytes are not UTF-8.", { position });
}
