import { cut, type Piece } from "./position.ts";

const START = /<\?xml[ \t\r\n]|<(?:[^\s<>/=:"'&!?]+:)?tt(?=[ \t\r\n/>])/;
// After a document type declaration: its document must not be taken for a new one.
const AFTER_REFUSED = /<\?xml[ \t\r\n]|<\/(?:[^\s<>/=:"'&!?]+:)?tt[ \t\r\n]*>/;
const LONGEST_TAG = 256;

/** Looks for the next document after damage, in pieces cut anywhere. */
export class Lost {
  readonly #isRefused: boolean;
  #tail: Piece[] = [];

  /** @param isRefused whether the rest of a document is to be skipped whose root has not begun. */
  constructor(isRefused: boolean) {
    this.#isRefused = isRefused;
  }

  /** The packet of what may be the beginning of a tag. */
  get begunInPacket(): number | undefined {
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
      const keeps = open >= 0 && text.length - open <= LONGEST_TAG;
      this.#tail = keeps ? from(pieces, open) : [];
      return undefined;
    }
    if (match[0].startsWith("</")) return { chars: match.index + match[0].length - before };
    return from(pieces, match.index);
  }
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
