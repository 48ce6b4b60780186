import type { EbuTtDocument } from "./document.ts";
import { EbuTtError, type EbuTtErrorCode, type EbuTtErrorDetails } from "./error.ts";
import type { FramedItem } from "./framed-item.ts";
import type { LiveMessage } from "./model.ts";
import type { Piece } from "./position.ts";

// If a packet has more errors, the stream does not contain documents, and the rest of the packet is skipped.
const maxErrors = 64;

/** Collects the items that a framer finds, with their packets. */
export class FramedItems {
  packetIndex = -1;
  damaged = 0;
  #damagedBefore = 0; // before this packet
  #items: FramedItem[] = [];

  /** Whether a packet has so many errors that the rest of it is skipped. */
  get isFlood(): boolean {
    return this.damaged - this.#damagedBefore >= maxErrors;
  }

  add(item: EbuTtDocument | LiveMessage | EbuTtError, first: Piece | undefined, last?: Piece): void {
    const lastPacketIndex = last?.packetIndex ?? Math.max(0, this.packetIndex);
    const place = { packetIndex: first?.packetIndex ?? lastPacketIndex, lastPacketIndex };
    if (item instanceof EbuTtError) {
      this.damaged++;
      this.#items.push({ kind: "error", error: item, ...place });
    } else if (item.kind === "document") this.#items.push({ kind: item.kind, document: item, ...place });
    else this.#items.push({ kind: item.kind, message: item, ...place });
  }

  /** Adds an error between documents. */
  addAt(byteOffset: number, code: EbuTtErrorCode, message: string, details: EbuTtErrorDetails = {}): void {
    const at = Math.max(0, byteOffset);
    const position = { packetIndex: this.packetIndex, byteOffset: at, charOffset: 0, line: 1, column: 1 };
    this.add(new EbuTtError(code, message, { ...details, position }), undefined);
  }

  /** Returns the items since the last call. */
  taken(): FramedItem[] {
    const items = this.#items;
    this.#items = [];
    this.#damagedBefore = this.damaged;
    return items;
  }
}
