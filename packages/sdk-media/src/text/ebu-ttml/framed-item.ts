import type { EbuTtDocument } from "./document.ts";
import type { EbuTtError } from "./error.ts";
import type { LiveMessage } from "./model.ts";

/** Where an item of a stream is, in packets from 0. */
interface Framed {
  /** The packet in which it began. */
  readonly packetIndex: number;
  /** The packet in which it ended. */
  readonly lastPacketIndex: number;
}

/** What a stream holds. */
export type FramedItem = Framed &
  (
    | { readonly kind: "document"; readonly document: EbuTtDocument }
    | { readonly kind: "message"; readonly message: LiveMessage }
    /** A document that was rejected, or damage between documents. */
    | { readonly kind: "error"; readonly error: EbuTtError }
  );
