/** Where a packet stands in the media. */
export interface PacketTime {
  /** In the stream's time base; undefined if the packet has none. */
  readonly pts: bigint | undefined;
  /** From the start of the media; undefined if the packet has no timestamp. */
  readonly timeMs: number | undefined;
}

/** A packet of a stream of text. Its bytes last only until the reader has read them. */
export interface TextPacket extends PacketTime {
  readonly data: Uint8Array;
  /** Which packet of its stream, from 0. */
  readonly index: number;
  /** 0 if the container does not tell. */
  readonly durationMs: number;
  /** What WebVTT in a container has beside the text. */
  readonly id?: string | undefined;
  readonly settings?: string | undefined;
}

/** What was read, or what could not be, with the packet in which it began. */
export type ReadItem<Item> = { readonly begin: TextPacket } & (
  | { readonly kind: "item"; readonly item: Item }
  | { readonly kind: "error"; readonly message: string; readonly packetIndex: number; readonly byteOffset: number }
);

/** Packets in, items out: never throws, goes on behind what is damaged, and behind an end. */
export interface TextReader<Item> {
  /** How many bytes of memory an item takes for each byte that was read, about. */
  readonly memoryFactor: number;
  push(packet: TextPacket): ReadItem<Item>[];
  /** The end of the stream, or of what belongs together: what has not ended is damaged, or complete as it is. */
  end(): ReadItem<Item>[];
}

/** What of one item may wait for its end, in bytes. */
export const maxItemBytes = 1 << 20;
