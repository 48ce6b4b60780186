/** A PES packet of a private data stream. */
export interface PrivatePacket {
  readonly data: Uint8Array;
  /** In units of 1/90000 s; a packet without one continues the previous packet. */
  readonly pts?: number;
}

const packetBytes = 188;
const [mapPid, dataPid, noClock] = [0x1000, 0x0100, 0x1fff];

/** Muxes MPEG-TS with one private data stream (stream type 0x06), as broadcasters send EBU-TT Live; `descriptors` are those of the stream in the PMT. */
export function muxPrivateData(packets: readonly PrivatePacket[], descriptors: readonly number[] = []): Buffer {
  const pat = section(0x00, 1, [0x00, 0x01, 0xe0 | (mapPid >> 8), mapPid & 255]);
  const map = [0xe0 | (noClock >> 8), noClock & 255, 0xf0, 0, 0x06, 0xe0 | (dataPid >> 8), dataPid & 255];
  const pmt = section(0x02, 1, [...map, 0xf0, descriptors.length, ...descriptors]);
  let counter = 0;
  const tables = [...toTs(0, pat, 0), ...toTs(mapPid, pmt, 0)];
  const data = packets.flatMap(({ data: payload, pts }) => {
    const parts = toTs(dataPid, toPes(payload, pts), counter);
    counter += parts.length;
    return parts;
  });
  return Buffer.concat([...tables, ...data]);
}

function toPes(payload: Uint8Array, pts: number | undefined): Buffer {
  const time = pts === undefined ? [] : toTime(BigInt(pts));
  const length = payload.length + 3 + time.length;
  const flags = [0x84, pts === undefined ? 0 : 0x80, time.length];
  // 0xbd is private stream 1.
  return Buffer.concat([Buffer.of(0, 0, 1, 0xbd, length >> 8, length & 255, ...flags, ...time), payload]);
}

function toTime(pts: bigint): number[] {
  const bits = (from: bigint, mask: bigint) => Number((pts >> from) & mask);
  return [
    0x21 | (bits(30n, 7n) << 1),
    bits(22n, 255n),
    1 | (bits(15n, 127n) << 1),
    bits(7n, 255n),
    1 | (bits(0n, 127n) << 1),
  ];
}

function toTs(pid: number, bytes: Buffer, firstCounter: number): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const part = bytes.subarray(at, at + packetBytes - 4);
    const spare = packetBytes - 4 - part.length;
    const head = Buffer.of(
      0x47,
      (at === 0 ? 0x40 : 0) | (pid >> 8),
      pid & 255,
      (spare > 0 ? 0x30 : 0x10) | ((firstCounter + packets.length) & 15),
    );
    // An adaptation field before the payload fills the packet.
    const padding = Buffer.alloc(spare, 0xff);
    if (spare > 0) padding[0] = spare - 1;
    if (spare > 1) padding[1] = 0;
    packets.push(Buffer.concat([head, padding, part]));
    at += part.length;
  }
  return packets;
}

function section(table: number, id: number, body: readonly number[]): Buffer {
  const length = body.length + 9;
  const bytes = Buffer.of(table, 0xb0 | (length >> 8), length & 255, id >> 8, id & 255, 0xc1, 0, 0, ...body);
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(crc32(bytes));
  return Buffer.concat([Buffer.of(0), bytes, crc]);
}

/** The CRC-32 of MPEG-2. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}
