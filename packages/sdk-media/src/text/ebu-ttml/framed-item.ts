import type { EbuTtDocument } from "./document.ts";
import type { EbuTtError } from "./error.ts";
import type { LiveMessage } from "./model.ts";

/** The position of an item in a stream, in packets from 0. */
interface Framed {
  /** The packet in which the item starts. */
  readonly packetIndex: number;
  /** The packet in which the item ends. */
  readonly lastPacketIndex: number;
}

/** An item of a stream, as a {@link Framer} returns it. */
export type FramedItem = Framed &
  (
    | { readonly kind: "document"; readonly document: EbuTtDocument }
    | { readonly kind: "message"; readonly message: LiveMessage }
    /** A rejected document, or damage between documents. */
    | { readonly kind: "error"; readonly error: EbuTtError }
  );
