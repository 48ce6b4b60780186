import { gunzipSync } from "node:zlib";
import { EbuTtError } from "./error.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

/** The content of a PES packet of DVB TTML (EN 303 560). */
export interface DvbTtml {
  /** The media time that the documents' times are relative to, in units of 100 µs; 48 bits. */
  readonly mediaTime: bigint;
  /** The uncompressed bytes of each document. */
  readonly documents: readonly Uint8Array[];
}

const HEADER_BYTES = 7; // media time and segment count
const SEGMENT_HEADER_BYTES = 3; // type and length
const CRC_BYTES = 4;
const PLAIN = 1;
const GZIP = 2;

/**
 * Unwraps the payload of a PES packet of DVB TTML: checks its CRC-32, and decompresses its segments, which are XML,
 * plain or with gzip.
 *
 * @param payload - The payload of the packet.
 * @param maxBytes - The maximum uncompressed size of a document. @default 1048576
 * @throws {@link EbuTtError} `Truncated` if bytes are missing, `BadValue` for an invalid CRC-32, segment type or gzip
 *   stream, `LimitExceeded` for a document that is too large.
 *
 * @example
 * ```ts
 * const { mediaTime, documents } = unwrapDvbTtml(payload);
 * const beginUs = mediaTime * 100n;
 * ```
 */
export function unwrapDvbTtml(payload: Uint8Array, maxBytes: number = DEFAULT_LIMITS.documentBytes): DvbTtml {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  need(bytes, HEADER_BYTES);
  const mediaTime = (BigInt(bytes.readUInt16BE(0)) << 32n) | BigInt(bytes.readUInt32BE(2));
  const segments: [type: number, bytes: Buffer][] = [];
  let at = HEADER_BYTES;
  for (let count = bytes.readUInt8(6); count > 0; count--) {
    need(bytes, at + SEGMENT_HEADER_BYTES);
    const start = at + SEGMENT_HEADER_BYTES;
    const end = start + bytes.readUInt16BE(at + 1);
    need(bytes, end);
    segments.push([bytes.readUInt8(at), bytes.subarray(start, end)]);
    at = end;
  }
  need(bytes, at + CRC_BYTES);
  if (crc32Mpeg(bytes.subarray(0, at + CRC_BYTES)) !== 0)
    throw new EbuTtError("BadValue", "The CRC-32 of the packet is wrong.");
  return { mediaTime, documents: segments.map(([type, segment]) => unpack(type, segment, maxBytes)) };
}

/**
 * Whether a payload is DVB TTML: its segments fill it, and its CRC-32 is valid. XML never matches.
 *
 * @example
 * ```ts
 * const documents = isDvbTtml(payload) ? unwrapDvbTtml(payload).documents : [payload];
 * ```
 */
export function isDvbTtml(payload: Uint8Array): boolean {
  const end = endOf(payload);
  // There may be stuffing after the CRC.
  return end !== undefined && crc32Mpeg(payload.subarray(0, end)) === 0;
}

/** Whether a payload has the structure of DVB TTML, even if its CRC-32 is invalid. */
export function isLikeDvbTtml(payload: Uint8Array): boolean {
  const end = endOf(payload);
  return end !== undefined && payload.subarray(end).every((byte) => byte === 0xff);
}

// Returns the position after the CRC, if segments fill the payload before it.
function endOf(payload: Uint8Array): number | undefined {
  const count = payload[6] ?? 0;
  let at = HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    const [type = 0, high = 0, low = 0] = payload.subarray(at, at + SEGMENT_HEADER_BYTES);
    if (type !== PLAIN && type !== GZIP) return undefined;
    at += SEGMENT_HEADER_BYTES + high * 256 + low;
  }
  return count > 0 && at + CRC_BYTES <= payload.byteLength ? at + CRC_BYTES : undefined;
}

function unpack(type: number, bytes: Buffer, maxBytes: number): Uint8Array {
  if (type !== PLAIN && type !== GZIP)
    throw new EbuTtError("BadValue", `There is a segment of type ${type}, expected 1 (XML) or 2 (gzip).`);
  const tooLong = `The document has more than ${maxBytes} bytes${type === GZIP ? " when it is decompressed" : ""}.`;
  try {
    if (type === GZIP) return gunzipSync(bytes, { maxOutputLength: maxBytes });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_BUFFER_TOO_LARGE")
      throw new EbuTtError("BadValue", `A segment is not a valid gzip stream: ${(error as Error).message}.`);
    throw new EbuTtError("LimitExceeded", tooLong, { limit: "size" });
  }
  if (bytes.byteLength > maxBytes) throw new EbuTtError("LimitExceeded", tooLong, { limit: "size" });
  return bytes;
}

function need(bytes: Buffer, length: number): void {
  if (bytes.byteLength < length)
    throw new EbuTtError("Truncated", `The packet has ${bytes.byteLength} bytes, expected ${length}.`);
}

let table: Uint32Array | undefined;

// The CRC-32 of MPEG-2 (not of gzip): it is 0 over data followed by its own CRC.
function crc32Mpeg(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    return crc;
  });
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc << 8) ^ (table[((crc >>> 24) ^ byte) & 0xff] as number);
  return crc >>> 0;
}
