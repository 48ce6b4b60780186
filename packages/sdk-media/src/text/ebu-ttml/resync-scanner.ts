import type { Encoding } from "./decode-text.ts";
import { cut, type Piece } from "./position.ts";

const START = /<\?xml[ \t\r\n]|<(?:[^\s<>/=:"'&!?]+:)?tt(?=[ \t\r\n/>])/;
// After a document type declaration: its document must not be taken for a new one.
const AFTER_REFUSED = /<\?xml[ \t\r\n]|<\/(?:[^\s<>/=:"'&!?]+:)?tt[ \t\r\n]*>/;
const maxTagLength = 256;

// In bytes, as Latin-1: behind a byte order mark, in UTF-8, and in UTF-16.
const START_BYTES = {
  utf16le:
    /\xff\xfe<\0|\xfe\xff\0<|<(?:\?xml[ \t\r\n]|(?:[a-zA-Z_][\w.-]*:)?tt[ \t\r\n/>])|<\0(?:\?\0x\0m\0l\0[ \t\r\n]|(?:[a-zA-Z_]\0(?:[\w.-]\0)*:\0)?t\0t\0[ \t\r\n/>])\0/,
  utf16be:
    /\xff\xfe<\0|\xfe\xff\0<|<(?:\?xml[ \t\r\n]|(?:[a-zA-Z_][\w.-]*:)?tt[ \t\r\n/>])|\0<(?:\0\?\0x\0m\0l\0[ \t\r\n]|(?:\0[a-zA-Z_](?:\0[\w.-])*\0:)?\0t\0t\0[ \t\r\n/>])/,
};
/** As many bytes as the beginning of a document needs to be seen, with a prefix of usual length. */
export const START_LENGTH = 64;
const MARKS = ["\xff\xfe<\0", "\xfe\xff\0<"];

/** Looks for the next document after damage, in pieces cut anywhere. */
export class ResyncScanner {
  readonly #isRefused: boolean;
  #tail: Piece[] = [];

  /** @param isRefused whether the rest of a document is to be skipped whose root has not begun. */
  constructor(isRefused: boolean) {
    this.#isRefused = isRefused;
  }

  /** The packet of what may be the beginning of a tag. */
  get startPacketIndex(): number | undefined {
    return this.#tail[0]?.packetIndex;
  }

  /**
   * Looks into a piece.
   *
   * @returns the pieces from the beginning of the next document on; or that the document to be skipped has ended, and how
   * many characters of the piece that is.
   */
  feed(piece: Piece): Piece[] | { readonly chars: number } | undefined {
    const before = this.#tail.reduce((sum, { text }) => sum + text.length, 0);
    const text = this.#tail.map((part) => part.text).join("") + piece.text;
    const pieces = [...this.#tail, piece];
    const match = (this.#isRefused ? AFTER_REFUSED : START).exec(text);
    if (match === null) {
      // A tag may have begun.
      const open = text.lastIndexOf("<");
      const keeps = open >= 0 && text.length - open <= maxTagLength;
      this.#tail = keeps ? from(pieces, open) : [];
      return undefined;
    }
    if (match[0].startsWith("</")) return { chars: match.index + match[0].length - before };
    return from(pieces, match.index);
  }

  /** Bytes are missing here: what comes is no part of a tag that may have begun. */
  interrupt(): void {
    this.#tail = [];
  }

  /** Where in bytes that were taken for UTF-16 the next document begins: one may be missing, or UTF-8 may follow. */
  startIn(bytes: Buffer, encoding: Exclude<Encoding, "utf8">): number | undefined {
    return this.#isRefused ? undefined : START_BYTES[encoding].exec(bytes.toString("latin1"))?.index;
  }
}

/** Whether UTF-16 begins in what is no UTF-8; undefined if too few bytes are there. */
export function isMarked(bytes: Buffer): boolean | undefined {
  const head = bytes.toString("latin1", 0, 4);
  if (MARKS.includes(head)) return true;
  return head.length < 4 && MARKS.some((mark) => mark.startsWith(head)) ? undefined : false;
}

/** Where behind what is no UTF-8 a document may begin: at a `<`, or the byte order mark before it. */
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
