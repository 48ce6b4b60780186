const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openObject, closeObject, openList, closeList] = [0x7b, 0x7d, 0x5b, 0x5d];
// JSON.parse is recursive.
const maxDepth = 512;

/**
 * Finds the end of a JSON document byte by byte, or the first byte that is not valid there, so that a truncated
 * document does not swallow those after it. Numbers and words between the punctuation are left to `JSON.parse`.
 */
export class JsonScanner {
  /** The open brackets. */
  readonly #open: number[] = [];
  #isText = false;
  #isEscaped = false;
  /** The previous token: a bracket, a comma or a colon; a quote stands for any value. */
  #before = 0;

  /** Whether the document is nested more deeply than `JSON.parse` can read. */
  get isTooDeep(): boolean {
    return this.#open.length > maxDepth;
  }

  /** Reads a byte. Returns whether the document ends with it or it is invalid; undefined if the document continues. */
  read(byte: number): "end" | "fault" | undefined {
    if (this.#isText) return this.#readText(byte);
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) return undefined;
    const isKnown = byte === openObject || byte === openList ? this.#openOne(byte) : this.#readMark(byte);
    if (!isKnown) return "fault";
    return this.#open.length === 0 ? "end" : undefined;
  }

  #openOne(byte: number): boolean {
    const parent = this.#open.at(-1);
    const isFirst = parent === undefined || this.#before === openList;
    const isValue = isFirst || this.#before === colon || (this.#before === comma && parent === openList);
    this.#open.push(byte);
    this.#before = byte;
    return isValue && !this.isTooDeep;
  }

  #readMark(byte: number): boolean {
    const isAfterValue = this.#before === quote;
    if (byte === closeObject || byte === closeList) {
      const opened = this.#open.pop();
      const isEmpty = this.#before === opened;
      this.#before = quote;
      return opened === (byte === closeObject ? openObject : openList) && (isAfterValue || isEmpty);
    }
    if (byte === comma || byte === colon) {
      this.#before = byte;
      return isAfterValue;
    }
    this.#isText = byte === quote;
    this.#before = quote;
    // A number or a word can have more bytes; a string cannot follow another value.
    return byte === quote ? !isAfterValue : byte >= 0x2b && byte <= 0x7a;
  }

  #readText(byte: number): "fault" | undefined {
    if (byte < 0x20) return "fault";
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isText = false;
    return undefined;
  }
}
