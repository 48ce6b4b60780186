const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Counts lines, words and the characters of the longest line in UTF-8 text that comes in pieces, which may be cut
 * anywhere. LF and CRLF end a line and are no part of it; ASCII white space is between words.
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

  /** The counts. A last line that no line feed ends is a line as well. */
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

// In UTF-8 the first byte of a character never looks like this, and all others do.
function continuesCharacter(byte: number): boolean {
  return (byte & 0b1100_0000) === 0b1000_0000;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
}
