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

/** UTF-16 in the other byte order. A last half of a unit is left out. */
export function swapped(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.subarray(0, bytes.byteLength & ~1)).swap16();
}

/** How many bytes from the first on are UTF-8. */
export function validLength(bytes: Buffer): number {
  let valid = 0;
  // Halving: what is invalid in a part is invalid in the whole, but a part may also end inside a character.
  for (let step = 2 ** Math.ceil(Math.log2(bytes.byteLength + 1)); step >= 1; step /= 2) {
    const end = valid + step;
    if (end <= bytes.byteLength && isUtf8(bytes.subarray(valid, wholeLength(bytes, end))))
      valid = wholeLength(bytes, end);
  }
  while (valid < bytes.byteLength && isUtf8(bytes.subarray(valid, valid + sequenceLength(bytes[valid] ?? 0)))) {
    valid += sequenceLength(bytes[valid] ?? 0);
  }
  return Math.min(valid, bytes.byteLength);
}

/** Up to where bytes before `end` hold whole characters, as far as their last character tells. */
export function wholeLength(bytes: Uint8Array, end = bytes.byteLength): number {
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
