import { decodeBlock } from "./decode-text.ts";
import { EbuTtError, type EbuTtErrorCode, type EbuTtErrorDetails } from "./error.ts";
import type { FramedItem } from "./framed-item.ts";
import { Gap } from "./gap.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import { Lost } from "./lost.ts";
import type { ParseOptions } from "./parse-options.ts";
import { byteLength, type Piece, SourceText } from "./position.ts";
import { PrologReader } from "./prolog-reader.ts";
import { DocumentReader } from "./reader.ts";

type Reading = {
  readonly reader: DocumentReader;
  readonly source: SourceText;
  readonly first: Piece;
  readonly rootStart: number;
  bytes: number;
};

// Behind the end of a document a block is decoded again.
const BLOCK_BYTES = 4096;
// What has more in one packet is no stream of documents, and its rest is skipped.
const MOST_ERRORS = 64;
const EMPTY = Buffer.alloc(0);

/**
 * Finds the documents and live messages of a stream, in packets that are cut anywhere, also inside of a character: XML as
 * it is, with white space, NUL and comments between the documents, in UTF-8, or in UTF-16 after a byte order mark. After
 * damage it goes on at the next XML declaration or start of a `tt`. It never throws.
 *
 * @example
 * ```ts
 * const framer = new Framer();
 * for await (const packet of socket) {
 *   for (const item of framer.push(packet)) {
 *     if (item.kind === "document") await handle(item.document);
 *     else if (item.kind === "error") job.log.warn(item.error.message);
 *   }
 * }
 * for (const item of framer.end()) if (item.kind === "error") job.log.warn(item.error.message);
 * ```
 */
export class Framer {
  readonly #options: ParseOptions;
  readonly #limitBytes: number;
  readonly #gap = new Gap();
  #packetIndex = -1;
  #damaged = 0;
  #damagedBefore = 0; // this packet
  #state: PrologReader | Reading | Lost | undefined; // undefined: between documents
  #rest: Buffer = EMPTY; // the beginning of a character
  #items: FramedItem[] = [];

  constructor(options: ParseOptions = {}) {
    this.#options = options;
    this.#limitBytes = options.limits?.documentBytes ?? DEFAULT_LIMITS.documentBytes;
  }

  /** How many errors there were. */
  get damaged(): number {
    return this.#damaged;
  }

  /** The packet in which what has not ended began; undefined between documents. @internal */
  get begunInPacket(): number | undefined {
    const state = this.#state;
    if (state instanceof PrologReader) return state.pieces[0]?.packetIndex;
    return state instanceof Lost ? state.begunInPacket : state?.first.packetIndex;
  }

  /** What a packet completes. Its bytes are not needed afterwards. */
  push(packet: Uint8Array): FramedItem[] {
    this.#packetIndex++;
    const view = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
    const bytes = this.#rest.byteLength > 0 ? Buffer.concat([this.#rest, view]) : view;
    const offset = -this.#rest.byteLength; // of the first byte, in its packet
    this.#rest = EMPTY;
    this.#damagedBefore = this.#damaged;
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#isFlood()) {
        this.#state = new Lost(false);
        break;
      }
      const next = this.#state === undefined ? this.#skip(bytes, at, offset) : this.#decode(bytes, at, offset);
      if (next === undefined) break;
      at = next;
    }
    return this.#taken();
  }

  /** The end of the stream, or of what belongs together: what has not ended is an error. The framer can be used again. */
  end(): FramedItem[] {
    const state = this.#state;
    if (state instanceof PrologReader) {
      const source = new SourceText();
      for (const piece of state.pieces) source.append(piece);
      this.#error(
        new EbuTtError("Truncated", "The document has not ended.", { position: source.positionAt(source.length) }),
        state.pieces[0],
      );
    } else if (state !== undefined && "reader" in state) this.#error(state.reader.truncated(), state.first);
    else if (state === undefined && this.#rest.byteLength > 0) this.#errorAt("NotWellFormed", "This is no XML.", 0);
    this.#state = undefined;
    this.#rest = EMPTY;
    return this.#taken();
  }

  #skip(bytes: Buffer, from: number, offset: number): number | undefined {
    const { kind, at } = this.#gap.skip(bytes, from);
    if (kind === "more") {
      this.#rest = Buffer.from(bytes.subarray(at));
      return undefined;
    }
    if (kind === "garbage") {
      this.#errorAt("NotWellFormed", "Between documents there is something that is no XML.", at + offset);
      this.#state = new Lost(false);
      return at;
    }
    this.#state = new PrologReader();
    if (at >= 0) return at;
    // The first half of the character was in the packet before, and was taken for padding.
    this.#feed({ text: "<", packetIndex: this.#packetIndex, byteOffset: offset - 1, utf16: true });
    return 1;
  }

  #decode(bytes: Buffer, at: number, offset: number): number | undefined {
    const { encoding } = this.#gap;
    const decoded = decodeBlock(bytes.subarray(at, at + BLOCK_BYTES), encoding);
    if (decoded.bytes > 0) {
      const piece = {
        text: decoded.text,
        packetIndex: this.#packetIndex,
        byteOffset: at + offset,
        utf16: encoding !== "utf8",
      };
      const used = this.#feed(piece);
      if (used !== undefined) return at + byteLength(piece, used);
    }
    if (decoded.isInvalid) {
      const hadState = this.#state;
      if (!(hadState instanceof Lost))
        this.#errorAt("BadEncoding", "These bytes are not UTF-8.", at + decoded.bytes + offset);
      this.#state = hadState instanceof Lost ? hadState : new Lost(false);
      // No document begins before the next `<`.
      const next = bytes.indexOf("<", at + decoded.bytes + 1);
      return next < 0 ? bytes.byteLength : next;
    }
    if (decoded.bytes > 0) return at + decoded.bytes;
    this.#rest = Buffer.from(bytes.subarray(at));
    return undefined;
  }

  /** @returns how many characters of the piece were used, if a state has ended in it; else all were. */
  #feed(piece: Piece): number | undefined {
    const state = this.#state;
    if (state instanceof PrologReader) return this.#feedProlog(state, piece);
    if (state instanceof Lost) return this.#feedLost(state, piece);
    return state === undefined ? 0 : this.#feedDocument(state, piece);
  }

  #feedProlog(prolog: PrologReader, piece: Piece): number | undefined {
    const end = prolog.feed(piece);
    const [first = piece] = prolog.pieces;
    if (end === undefined) {
      if (prolog.bytes <= this.#limitBytes) return undefined;
      this.#errorAt(
        "LimitExceeded",
        `What is before a document has more than ${this.#limitBytes} bytes.`,
        piece.byteOffset,
        { limit: "buffer" },
      );
      this.#state = new Lost(false);
      return undefined;
    }
    this.#state = undefined;
    if (end.kind === "nothing") return end.chars;
    if (end.kind !== "root") return this.#refuse(end.kind, end.chars, piece, first);
    const source = new SourceText();
    const before = prolog.pieces.reduce((sum, { text }) => sum + text.length, -piece.text.length);
    const reader = new DocumentReader(source, this.#options);
    const reading: Reading = { reader, source, first, rootStart: before + end.chars, bytes: 0 };
    this.#state = reading;
    // Only the last piece can hold the end.
    let used: number | undefined;
    for (const part of prolog.pieces) {
      if (this.#state === reading) used = this.#feedDocument(reading, part);
      else if (this.#state !== undefined) used = this.#feed(part);
    }
    return used;
  }

  #refuse(kind: "doctype" | "damage", chars: number, piece: Piece, first: Piece): number | undefined {
    const source = new SourceText();
    source.append(piece);
    const { byteOffset, packetIndex } = source.positionAt(Math.max(0, chars));
    const position = { packetIndex, byteOffset, charOffset: Math.max(0, chars), line: 1, column: 1 };
    const [code, message]: [EbuTtErrorCode, string] =
      kind === "doctype"
        ? ["DoctypeForbidden", "A document type declaration is refused."]
        : ["NotWellFormed", "This is no XML."];
    this.#error(new EbuTtError(code, message, { position }), first);
    this.#state = new Lost(kind === "doctype");
    const from = Math.max(0, chars) + 1;
    return from >= piece.text.length ? undefined : from;
  }

  #feedLost(lost: Lost, piece: Piece): number | undefined {
    const found = lost.feed(piece);
    if (found === undefined) return undefined;
    this.#state = undefined;
    if (!Array.isArray(found)) return found.chars;
    const prolog = new PrologReader();
    this.#state = prolog;
    let used: number | undefined;
    for (const part of found) used = this.#feed(part);
    const last = found.at(-1) as Piece;
    return used === undefined ? undefined : used + piece.text.length - last.text.length;
  }

  #feedDocument(reading: Reading, piece: Piece): number | undefined {
    const { reader, source, first } = reading;
    try {
      const end = reader.write(piece);
      reading.bytes += byteLength(piece, end === undefined ? piece.text.length : end.chars);
      if (reading.bytes > this.#limitBytes) {
        const position = source.positionAt(source.length);
        throw new EbuTtError("LimitExceeded", `The document has more than ${this.#limitBytes} bytes.`, {
          position,
          limit: "size",
        });
      }
      if (end === undefined) return undefined;
      this.#state = undefined;
      const place = { packetIndex: first.packetIndex, lastPacketIndex: piece.packetIndex };
      const { item } = end;
      if (item instanceof EbuTtError) this.#error(item, first);
      else if (item.kind === "document") this.#items.push({ kind: item.kind, document: item, ...place });
      else this.#items.push({ kind: item.kind, message: item, ...place });
      return end.chars;
    } catch (error) {
      if (!(error instanceof EbuTtError)) throw error;
      this.#error(error, first);
      return this.#restart(reading, error, piece);
    }
  }

  // From the tag in which the fault was found, but behind the root's own beginning.
  #restart({ rootStart, source }: Reading, error: EbuTtError, piece: Piece): number | undefined {
    const fault = error.position?.charOffset ?? source.length;
    // A document that is refused for what is before its root must not be found again at its root.
    const isRefused = error.code === "BadEncoding" || fault <= rootStart;
    this.#state = new Lost(isRefused);
    if (this.#isFlood()) return undefined;
    const start = Math.max(source.tagStart(fault), fault <= rootStart ? 1 : rootStart + 1);
    let used: number | undefined;
    let last = piece;
    for (const part of source.from(start)) {
      used = this.#feed(part);
      last = part;
    }
    return used === undefined ? undefined : used + piece.text.length - last.text.length;
  }

  #errorAt(code: EbuTtErrorCode, message: string, byteOffset: number, details: EbuTtErrorDetails = {}): void {
    const position = {
      packetIndex: this.#packetIndex,
      byteOffset: Math.max(0, byteOffset),
      charOffset: 0,
      line: 1,
      column: 1,
    };
    this.#error(new EbuTtError(code, message, { ...details, position }), undefined);
  }

  #error(error: EbuTtError, first: Piece | undefined): void {
    this.#damaged++;
    const lastPacketIndex = Math.max(0, this.#packetIndex);
    this.#items.push({ kind: "error", error, packetIndex: first?.packetIndex ?? lastPacketIndex, lastPacketIndex });
  }

  #isFlood(): boolean {
    return this.#damaged - this.#damagedBefore >= MOST_ERRORS;
  }

  #taken(): FramedItem[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}
