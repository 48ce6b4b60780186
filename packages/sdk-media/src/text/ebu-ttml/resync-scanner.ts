import type { Encoding } from "./decode-text.ts";
import { cut, type Piece } from "./position.ts";

const START = /<\?xml[ \t\r\n]|<(?:[^\s<>/=:"'&!?]+:)?tt(?=[ \t\r\n/>])/;
// After a document type declaration, the root of the rejected document must not be mistaken for a new one.
const AFTER_REJECTED = /<\?xml[ \t\r\n]|<\/(?:[^\s<>/=:"'&!?]+:)?tt[ \t\r\n]*>/;
const maxTagLength = 256;

// Patterns over bytes as Latin-1: after a byte order mark, in UTF-8, and in UTF-16.
const START_BYTES = {
  utf16le:
    /\xff\xfe<\0|\xfe\xff\0<|<(?:\?xml[ \t\r\n]|(?:[a-zA-Z_][\w.-]*:)?tt[ \t\r\n/>])|<\0(?:\?\0x\0m\0l\0[ \t\r\n]|(?:[a-zA-Z_]\0(?:[\w.-]\0)*:\0)?t\0t\0[ \t\r\n/>])\0/,
  utf16be:
    /\xff\xfe<\0|\xfe\xff\0<|<(?:\?xml[ \t\r\n]|(?:[a-zA-Z_][\w.-]*:)?tt[ \t\r\n/>])|\0<(?:\0\?\0x\0m\0l\0[ \t\r\n]|(?:\0[a-zA-Z_](?:\0[\w.-])*\0:)?\0t\0t\0[ \t\r\n/>])/,
};
/** The number of bytes that identify the start of a document, with a prefix of usual length. */
export const START_LENGTH = 64;
const MARKS = ["\xff\xfe<\0", "\xfe\xff\0<"];

/** Searches for the next document after damage, in pieces that are split anywhere. */
export class ResyncScanner {
  readonly #isRejected: boolean;
  #tail: Piece[] = [];

  /** @param isRejected - Whether to skip the rest of a rejected document whose root has not started. */
  constructor(isRejected: boolean) {
    this.#isRejected = isRejected;
  }

  /** The packet of a possible start of a tag. */
  get startPacketIndex(): number | undefined {
    return this.#tail[0]?.packetIndex;
  }

  /**
   * Searches a piece.
   *
   * @returns The pieces from the start of the next document on, or the number of characters up to the end of the
   *   skipped document; undefined if neither was found.
   */
  feed(piece: Piece): Piece[] | { readonly chars: number } | undefined {
    const before = this.#tail.reduce((sum, { text }) => sum + text.length, 0);
    const text = this.#tail.map((part) => part.text).join("") + piece.text;
    const pieces = [...this.#tail, piece];
    const match = (this.#isRejected ? AFTER_REJECTED : START).exec(text);
    if (match === null) {
      // This can be the start of a tag.
      const open = text.lastIndexOf("<");
      const keeps = open >= 0 && text.length - open <= maxTagLength;
      this.#tail = keeps ? from(pieces, open) : [];
      return undefined;
    }
    if (match[0].startsWith("</")) return { chars: match.index + match[0].length - before };
    return from(pieces, match.index);
  }

  /** Called where bytes are missing: a tag that may have started does not continue. */
  interrupt(): void {
    this.#tail = [];
  }

  /**
   * Returns where the next document starts in bytes of UTF-16, of which one may be missing, or which UTF-8 may follow.
   */
  startIn(bytes: Buffer, encoding: Exclude<Encoding, "utf8">): number | undefined {
    return this.#isRejected ? undefined : START_BYTES[encoding].exec(bytes.toString("latin1"))?.index;
  }
}

/** Whether bytes that are not UTF-8 start with a byte order mark of UTF-16; undefined if more bytes are needed. */
export function isMarked(bytes: Buffer): boolean | undefined {
  const head = bytes.toString("latin1", 0, 4);
  if (MARKS.includes(head)) return true;
  return head.length < 4 && MARKS.some((mark) => mark.startsWith(head)) ? undefined : false;
}

/** Returns where a document can start after invalid UTF-8: at a `<`, or at the byte order mark before it. */
export function nextStart(bytes: Buffer, from: number): number {
  const open = bytes.indexOf("<", from);
  let at = open < 0 ? bytes.byteLength : open;
  for (let back = 0; back < 3 && at > from; back++) {
    const byte = bytes[at - 1];
    if (byte !== 0xff && byte !== 0xfe && byte !== 0) break;
    at--;
  }
  return at;
}

function from(pieces: readonly Piece[], start: number): Piece[] {
  const found: Piece[] = [];
  let at = 0;
  for (const piece of pieces) {
    if (at + piece.text.length > start) found.push(cut(piece, Math.max(0, start - at)));
    at += piece.text.length;
  }
  return found;
}
