const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Counts lines, words and the characters of the longest line in UTF-8 text that arrives in pieces, which may be cut
 * anywhere. LF and CRLF end a line and do not belong to it; ASCII white space separates words.
 */
export class LineCounter {
  #lines = 0;
  #words = 0;
  #longestLine = 0;
  #length = 0;
  #previous = lineFeed;

  add(piece: Uint8Array): void {
    for (const byte of piece) {
      if (byte === lineFeed) this.#endLine(this.#previous === carriageReturn ? this.#length - 1 : this.#length);
      else if (!continuesCharacter(byte)) this.#length++;
      if (isSpace(this.#previous) && !isSpace(byte)) this.#words++;
      this.#previous = byte;
    }
  }

  /** Returns the counts. A last line without a line feed counts as a line. */
  end() {
    if (this.#previous !== lineFeed) this.#endLine(this.#length);
    return { lines: this.#lines, words: this.#words, longest_line: this.#longestLine };
  }

  #endLine(length: number): void {
    this.#longestLine = Math.max(this.#longestLine, length);
    this.#length = 0;
    this.#lines++;
  }
}

// In UTF-8, all bytes of a character but the first begin with the bits 10.
function continuesCharacter(byte: number): boolean {
  return (byte & 0b1100_0000) === 0b1000_0000;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
