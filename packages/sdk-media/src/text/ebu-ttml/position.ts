/** A position in the input. */
export interface Position {
  /** The index of the packet, from 0; 0 if the document was not read from a stream. */
  readonly packetIndex: number;
  /** The offset in bytes from the start of that packet; for a string, in bytes of UTF-8. */
  readonly byteOffset: number;
  /** The offset from the start of the document, in UTF-16 code units. */
  readonly charOffset: number;
  /** The line in the document, from 1. */
  readonly line: number;
  /** The column in the line, in UTF-16 code units from 1. */
  readonly column: number;
}

/** A decoded part of a packet. */
export interface Piece {
  readonly text: string;
  readonly packetIndex: number;
  /** The offset of the text in its packet, in bytes; negative if its first character starts in the previous packet. */
  readonly byteOffset: number;
  readonly utf16: boolean;
}

/** Returns a part of a piece, from one character to another. */
export function cut(piece: Piece, start: number, end?: number): Piece {
  if (start === 0 && end === undefined) return piece;
  return { ...piece, text: piece.text.slice(start, end), byteOffset: piece.byteOffset + byteLength(piece, start) };
}

/** Returns the size of the first `chars` characters of a piece in bytes. */
export function byteLength({ text, utf16 }: Piece, chars: number): number {
  return utf16 ? chars * 2 : Buffer.byteLength(text.slice(0, chars));
}

/**
 * The text of a document that was read so far, for computing positions. For ascending offsets, each character is read
 * once.
 */
export class SourceText {
  readonly #pieces: { start: number; piece: Piece }[] = [];
  #length = 0;
  #index = 0;
  #done = 0; // the number of counted characters
  #bytes = 0; // in the current piece
  #line = 1;
  #lineStart = 0;
  #afterReturn = false;

  get length(): number {
    return this.#length;
  }

  append(piece: Piece): void {
    this.#pieces.push({ start: this.#length, piece });
    this.#length += piece.text.length;
  }

  /** Returns the pieces from a character on. */
  from(charOffset: number): Piece[] {
    return this.#pieces
      .filter(({ start, piece }) => start + piece.text.length > charOffset)
      .map(({ start, piece }) => cut(piece, Math.max(0, charOffset - start)));
  }

  /** Returns the start of the tag that ends at a character; a tag cannot contain a `<`. */
  tagStart(charOffset: number): number {
    for (let index = this.#pieces.length - 1; index >= 0; index--) {
      const { start, piece } = this.#pieces[index] as { start: number; piece: Piece };
      if (start >= charOffset) continue;
      const at = piece.text.lastIndexOf("<", charOffset - start - 1);
      if (at >= 0) return start + at;
    }
    return 0;
  }

  positionAt(charOffset: number): Position {
    if (charOffset < this.#done) this.#rewind();
    while (this.#done < charOffset && this.#index < this.#pieces.length) {
      const { start, piece } = this.#pieces[this.#index] as { start: number; piece: Piece };
      const end = Math.min(start + piece.text.length, charOffset);
      this.#count(piece.text, this.#done - start, end - start);
      this.#bytes += byteLength({ ...piece, text: piece.text.slice(this.#done - start) }, end - this.#done);
      this.#done = end;
      if (end === start + piece.text.length && this.#index + 1 < this.#pieces.length) {
        this.#index++;
        this.#bytes = 0;
      }
    }
    const piece = this.#pieces[this.#index]?.piece;
    return {
      packetIndex: piece?.packetIndex ?? 0,
      byteOffset: Math.max(0, (piece?.byteOffset ?? 0) + this.#bytes),
      charOffset: this.#done,
      line: this.#line,
      column: this.#done - this.#lineStart + 1,
    };
  }

  #count(text: string, from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const code = text.charCodeAt(i);
      if (code === 10 || code === 13) {
        if (code === 13 || !this.#afterReturn) this.#line++;
        this.#lineStart = this.#done - from + i + 1;
      }
      this.#afterReturn = code === 13;
    }
  }

  #rewind(): void {
    this.#index = 0;
    this.#done = 0;
    this.#bytes = 0;
    this.#line = 1;
    this.#lineStart = 0;
    this.#afterReturn = false;
  }
}
