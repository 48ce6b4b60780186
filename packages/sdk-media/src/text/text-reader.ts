/** The position of a packet in the source. */
export interface PacketTime {
  /** The timestamp, in the stream's time base; undefined if the packet has none. */
  readonly pts: bigint | undefined;
  /** The time from the start of the source; undefined if the packet has no timestamp. */
  readonly timeMs: number | undefined;
}

/** A packet of a text stream. Its bytes are valid only until the reader has read them. */
export interface TextPacket extends PacketTime {
  readonly data: Uint8Array;
  /** The index of the packet in its stream, from 0. */
  readonly index: number;
  /** The duration; 0 if the container does not provide it. */
  readonly durationMs: number;
  /** WebVTT's cue identifier, which a container stores separately. */
  readonly id?: string | undefined;
  /** WebVTT's cue settings, which a container stores separately. */
  readonly settings?: string | undefined;
}

/** An item or an error of a reader, with the packet in which it starts. */
export type ReadItem<Item> = { readonly begin: TextPacket } & (
  | { readonly kind: "item"; readonly item: Item }
  | { readonly kind: "error"; readonly message: string; readonly packetIndex: number; readonly byteOffset: number }
);

/** Reads items from packets. Never throws; continues after damage, and after `end`. */
export interface TextReader<Item> {
  /** The approximate number of bytes of memory per byte of input that an item uses. */
  readonly memoryFactor: number;
  /** Reads a packet, and returns the items and errors that are now complete. */
  push(packet: TextPacket): ReadItem<Item>[];
  /**
   * Ends the stream, or a part that nothing after it continues. An incomplete item is completed, or reported as
   * damaged.
   */
  end(): ReadItem<Item>[];
}

/** The maximum size of an item. */
export const maxItemBytes = 1 << 20;
