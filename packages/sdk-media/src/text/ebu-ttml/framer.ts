import { decodeBlock, notInEncoding } from "./decode-text.ts";
import { EbuTtError, type EbuTtErrorCode } from "./error.ts";
import type { FramedItem } from "./framed-item.ts";
import { FramedItems } from "./framed-items.ts";
import { InterDocumentSkipper } from "./inter-document-skipper.ts";
import { DEFAULT_LIMITS } from "./limits.ts";
import type { ParseOptions } from "./parse-options.ts";
import { byteLength, cut, type Piece, SourceText } from "./position.ts";
import { PrologReader } from "./prolog-reader.ts";
import { DocumentReader } from "./reader.ts";
import { isMarked, nextStart, ResyncScanner, START_LENGTH } from "./resync-scanner.ts";
import {
  endOf,
  firstOf,
  isStarted,
  type Reading,
  type StartedDocument,
  truncated,
  unsettled,
} from "./started-document.ts";

type State = PrologReader | Reading | ResyncScanner | undefined;

// The part of a block after the end of a document is decoded again, so blocks are small.
const BLOCK_BYTES = 4096;
const EMPTY = Buffer.alloc(0);

/**
 * Finds the documents and live messages of a stream, in packets that are split anywhere, even within a character. The
 * stream is plain XML, in UTF-8, or in UTF-16 after a byte order mark. White space, NUL and comments are allowed
 * between documents. After damage, the framer continues at the next XML declaration or start of a `tt`. It never
 * throws.
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
  readonly #maxBytes: number;
  readonly #skipper = new InterDocumentSkipper();
  readonly #items = new FramedItems();
  #state: State; // undefined: between documents
  #rest: Buffer = EMPTY; // the start of a character
  #isGivingUp = false;

  constructor(options: ParseOptions = {}) {
    this.#options = options;
    this.#maxBytes = options.limits?.documentBytes ?? DEFAULT_LIMITS.documentBytes;
  }

  /** The number of errors so far. */
  get damaged(): number {
    return this.#items.damaged;
  }

  /** The packet in which the incomplete document starts; undefined between documents. @internal */
  get startPacketIndex(): number | undefined {
    const state = this.#state;
    if (state instanceof PrologReader) return state.pieces[0]?.packetIndex;
    return state instanceof ResyncScanner ? state.startPacketIndex : state?.first.packetIndex;
  }

  /** Reads a packet, and returns the items that are now complete. The bytes can be reused afterwards. */
  push(packet: Uint8Array): FramedItem[] {
    this.#items.packetIndex++;
    const view = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
    const bytes = this.#rest.byteLength > 0 ? Buffer.concat([this.#rest, view]) : view;
    const offset = -this.#rest.byteLength; // of the first byte, in its packet
    this.#rest = EMPTY;
    let at = 0;
    while (at < bytes.byteLength) {
      if (this.#items.isFlood) {
        this.#state = new ResyncScanner(false);
        break;
      }
      const next = this.#state === undefined ? this.#skip(bytes, at, offset) : this.#decode(bytes, at, offset);
      if (next === undefined) break;
      at = next;
    }
    return this.#items.taken();
  }

  /** Ends the stream, or a part of it. An incomplete document is an error. The framer can be used again afterwards. */
  end(): FramedItem[] {
    const state = this.#state;
    if (state === undefined && this.#rest.byteLength > 0) this.#items.addAt(0, "NotWellFormed", "This is not XML.");
    else if (isStarted(state)) this.#giveUp(state, truncated(state));
    if (isStarted(this.#state)) this.#items.add(truncated(this.#state), firstOf(this.#state));
    this.#state = undefined;
    this.#rest = EMPTY;
    return this.#items.taken();
  }

  #skip(bytes: Buffer, from: number, offset: number): number | undefined {
    const { kind, at } = this.#skipper.skip(bytes, from);
    if (kind === "more") {
      this.#rest = Buffer.from(bytes.subarray(at));
      return undefined;
    }
    if (kind === "garbage") {
      this.#items.addAt(at + offset, "NotWellFormed", "There is data between documents that is not XML.");
      this.#state = new ResyncScanner(false);
      return at;
    }
    this.#state = new PrologReader();
    if (at >= 0) return at;
    // The first half of the character was at the end of the previous packet, and was skipped as padding.
    this.#feed({ text: "<", packetIndex: this.#items.packetIndex, byteOffset: offset - 1, utf16: true });
    return 1;
  }

  #decode(bytes: Buffer, at: number, offset: number): number | undefined {
    const { encoding } = this.#skipper;
    const state = this.#state;
    let end = Math.min(at + BLOCK_BYTES, bytes.byteLength);
    let start: number | undefined;
    if (state instanceof ResyncScanner && encoding !== "utf8") {
      start = state.startIn(bytes.subarray(at, end + START_LENGTH), encoding);
      // The first bytes alone do not identify the start of a document.
      end = start === undefined ? Math.min(end, bytes.byteLength - START_LENGTH) : Math.min(end, at + start);
    }
    const decoded = decodeBlock(bytes.subarray(at, Math.max(at, end)), encoding);
    if (decoded.bytes > 0) {
      const packetIndex = this.#items.packetIndex;
      const piece = { text: decoded.text, packetIndex, byteOffset: at + offset, utf16: encoding !== "utf8" };
      const used = this.#feed(piece);
      if (used !== undefined) return at + byteLength(piece, used);
    }
    if (decoded.isInvalid) return this.#skipInvalid(bytes, at + decoded.bytes, offset);
    if (decoded.bytes > 0) return at + decoded.bytes;
    if (start !== undefined) {
      this.#state = undefined;
      return at + start;
    }
    this.#rest = Buffer.from(bytes.subarray(at));
    return undefined;
  }

  #skipInvalid(bytes: Buffer, at: number, offset: number): number | undefined {
    const { encoding } = this.#skipper;
    const state = this.#state;
    if (!(state instanceof ResyncScanner)) {
      const { packetIndex } = this.#items;
      const known = isStarted(state) ? endOf(state) : { charOffset: 0, line: 1, column: 1 };
      const position = { ...known, packetIndex, byteOffset: Math.max(0, at + offset) };
      const error = new EbuTtError("BadEncoding", notInEncoding(encoding), { position });
      if (isStarted(state)) this.#giveUp(state, error);
      else this.#items.add(error, undefined);
    }
    if (this.#state instanceof ResyncScanner) this.#state.interrupt();
    else this.#state = new ResyncScanner(false);
    if (encoding !== "utf8") return at + 2;
    const marked = isMarked(bytes.subarray(at));
    if (marked === false) return nextStart(bytes, at + 1);
    if (marked) this.#state = undefined;
    else this.#rest = Buffer.from(bytes.subarray(at));
    return marked ? at : undefined;
  }

  /** @returns The number of characters that were read, if the state ended in the piece; undefined if all were read. */
  #feed(piece: Piece): number | undefined {
    const state = this.#state;
    if (state instanceof PrologReader) return this.#feedProlog(state, piece);
    if (state instanceof ResyncScanner) return this.#feedScanner(state, piece);
    return state === undefined ? 0 : this.#feedDocument(state, piece);
  }

  /** Feeds pieces, of which only the last can be read as bytes again. @returns As `#feed`, for the last piece. */
  #feedAll(pieces: readonly Piece[]): number | undefined {
    let used: number | undefined;
    for (const [index, piece] of pieces.entries()) {
      let part = piece;
      used = this.#feed(part);
      while (used !== undefined && index < pieces.length - 1) {
        if (this.#items.isFlood) return undefined;
        part = cut(part, used);
        this.#state ??= new ResyncScanner(false);
        used = this.#feed(part);
      }
    }
    return used;
  }

  #feedProlog(prolog: PrologReader, piece: Piece): number | undefined {
    const end = prolog.feed(piece);
    const [first = piece] = prolog.pieces;
    if (end === undefined) {
      if (prolog.bytes <= this.#maxBytes) return undefined;
      const message = `The data before a document has more than ${this.#maxBytes} bytes.`;
      this.#giveUp(prolog, new EbuTtError("LimitExceeded", message, { position: endOf(prolog), limit: "buffer" }));
      return undefined;
    }
    this.#state = undefined;
    if (end.kind === "nothing") return end.chars;
    if (end.kind !== "root") return this.#reject(end.kind, end.chars, piece, first);
    const source = new SourceText();
    const before = prolog.pieces.reduce((sum, { text }) => sum + text.length, -piece.text.length);
    const reader = new DocumentReader(source, this.#options);
    this.#state = { reader, source, first, rootStart: before + end.chars, bytes: 0 };
    return this.#feedAll(prolog.pieces);
  }

  #reject(kind: "doctype" | "damage", chars: number, piece: Piece, first: Piece): number | undefined {
    const from = Math.max(0, chars);
    const source = new SourceText();
    source.append(piece);
    const { byteOffset, packetIndex } = source.positionAt(from);
    const position = { packetIndex, byteOffset, charOffset: from, line: 1, column: 1 };
    const [code, message]: [EbuTtErrorCode, string] =
      kind === "doctype"
        ? ["DoctypeForbidden", "A document type declaration is not allowed."]
        : ["NotWellFormed", "This is not XML."];
    this.#items.add(new EbuTtError(code, message, { position }), first);
    this.#state = new ResyncScanner(kind === "doctype");
    return from >= piece.text.length ? undefined : from;
  }

  #feedScanner(scanner: ResyncScanner, piece: Piece): number | undefined {
    const found = scanner.feed(piece);
    if (found === undefined) return undefined;
    this.#state = undefined;
    if (!Array.isArray(found)) return found.chars;
    this.#state = new PrologReader();
    const used = this.#feedAll(found);
    const last = found.at(-1) as Piece; // ends where the piece does
    return used === undefined ? undefined : used + piece.text.length - last.text.length;
  }

  #feedDocument(reading: Reading, piece: Piece): number | undefined {
    const { reader, source, first } = reading;
    try {
      const end = reader.write(piece);
      reading.bytes += byteLength(piece, end === undefined ? piece.text.length : end.chars);
      if (reading.bytes > this.#maxBytes) {
        const message = `The document has more than ${this.#maxBytes} bytes.`;
        this.#giveUp(reading, new EbuTtError("LimitExceeded", message, { position: endOf(reading), limit: "size" }));
        return undefined;
      }
      if (end === undefined) return undefined;
      this.#state = undefined;
      this.#items.add(end.item, first, end.item instanceof EbuTtError ? undefined : piece);
      return end.chars;
    } catch (error) {
      if (!(error instanceof EbuTtError)) throw error;
      this.#items.add(error, first);
      const fault = error.position?.charOffset ?? source.length;
      const isBeforeRoot = fault <= reading.rootStart;
      // A document that is rejected because of data before its root must not be found again at its root.
      const isRejected = error.code === "BadEncoding" || isBeforeRoot;
      const parts = isBeforeRoot ? source.from(Math.max(source.tagStart(fault), 1)) : unsettled(reading);
      // The part in this piece is read as bytes again.
      const again = piece.text === "" ? 0 : (parts.at(-1)?.text.length ?? 0);
      this.#rescan(again > 0 ? parts.slice(0, -1) : parts, isRejected);
      return again > 0 ? piece.text.length - again : undefined;
    }
  }

  /** Searches for the next document in data that was already read. */
  #rescan(parts: readonly Piece[], isRejected: boolean): void {
    this.#state = new ResyncScanner(isRejected);
    // An empty last piece, since only the last can be read as bytes again.
    const end = { text: "", packetIndex: this.#items.packetIndex, byteOffset: 0, utf16: false };
    if (!this.#items.isFlood) this.#feedAll([...parts, end]);
  }

  /** Rejects an incomplete document, and searches for others in it, for example in an unterminated comment. */
  #giveUp(state: StartedDocument, error: EbuTtError): void {
    this.#items.add(error, firstOf(state));
    const wasGivingUp = this.#isGivingUp;
    this.#isGivingUp = true;
    this.#rescan(wasGivingUp ? [] : unsettled(state), false);
    this.#isGivingUp = wasGivingUp;
    // Data that is nearly as long would be read repeatedly.
    if (isStarted(this.#state) && this.#state.bytes * 4 > this.#maxBytes * 3) this.#state = new ResyncScanner(false);
  }
}
