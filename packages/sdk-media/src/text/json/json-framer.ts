import { isUtf8 } from "node:buffer";
import { maxItemBytes, type ReadItem, type TextPacket, type TextReader } from "../text-reader.ts";
import { JsonScanner } from "./json-scanner.ts";

/** A JSON document of a stream, and its position. */
export interface JsonDocument {
  /** The document, which is an object. It is not validated. */
  readonly value: Readonly<Record<string, unknown>>;
  /** The timestamp of the packet in which it starts, in the stream's time base; undefined if the packet has none. */
  readonly pts: bigint | undefined;
  /** The time of that packet, from the start of the source; undefined if it has no timestamp. */
  readonly timeMs: number | undefined;
}

interface Reading {
  readonly scanner: JsonScanner;
  readonly begin: TextPacket;
  readonly byteOffset: number;
  readonly pieces: Buffer[];
  sizeBytes: number;
}

const [openObject, closeObject, openList] = [0x7b, 0x7d, 0x5b];
// White space, NUL, a byte order mark, and the separator of RFC 7464.
const padding = new Set([0x00, 0x09, 0x0a, 0x0d, 0x1e, 0x20, 0xbb, 0xbf, 0xef]);
// If a packet has more errors, the stream does not contain documents, and the rest of the packet is skipped.
const maxErrors = 64;

/**
 * Finds the JSON documents of a stream, in packets that are split anywhere. Documents may be separated by padding. Each
 * must be an object.
 */
export class JsonFramer implements TextReader<JsonDocument> {
  readonly memoryFactor = 5;
  /**
   * The current position: in a document, after a damaged one, in garbage, or, if undefined, between documents. An
   * object inside a damaged document must not be mistaken for a document: the next one starts after a `}`, or after
   * padding.
   */
  #state: Reading | "damaged" | "garbage" | undefined;
  #before = 0;
  #errors = 0;
  #items: ReadItem<JsonDocument>[] = [];

  push(packet: TextPacket): ReadItem<JsonDocument>[] {
    const data = Buffer.from(packet.data);
    this.#errors = 0;
    let at = 0;
    while (at < data.length && this.#errors < maxErrors) {
      const state = this.#state;
      if (typeof state === "object") at = this.#read(state, data, at);
      else {
        this.#skip(packet, data[at] as number, at);
        // The byte that starts a document is read again as its first byte.
        if (typeof this.#state !== "object") at++;
      }
    }
    return this.#taken();
  }

  end(): ReadItem<JsonDocument>[] {
    this.#errors = 0;
    const state = this.#state;
    if (typeof state === "object") this.#error("the document is incomplete", state.begin, state.byteOffset);
    this.#state = undefined;
    return this.#taken();
  }

  #skip(packet: TextPacket, byte: number, byteOffset: number): void {
    const state = this.#state;
    const isBegin = byte === openObject || (byte === openList && state === undefined);
    if (isBegin && (state !== "damaged" || this.#before === closeObject || this.#before < 0x20)) {
      this.#state = { scanner: new JsonScanner(), begin: packet, byteOffset, pieces: [], sizeBytes: 0 };
    } else if (state === undefined && !padding.has(byte)) {
      this.#error("unexpected data between documents, expected a JSON object", packet, byteOffset);
      this.#state = "garbage";
    }
    // White space does not separate documents, because a document can have several lines.
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) this.#before = byte;
  }

  /** @returns The index of the first byte that was not read. */
  #read(reading: Reading, data: Buffer, from: number): number {
    const { scanner, begin, byteOffset } = reading;
    for (let at = from; at < data.length; at++) {
      const byte = data[at] as number;
      const found = scanner.read(byte);
      if (found === undefined) continue;
      if (found === "end") {
        reading.pieces.push(data.subarray(from, at + 1));
        this.#state = undefined;
        this.#complete(reading);
        return at + 1;
      }
      // An object where JSON does not allow one is the next document; so is one after a line break inside a string.
      const isNext = byte === openObject && !scanner.isTooDeep;
      const fault = scanner.isTooDeep ? "is nested too deeply" : "is damaged, or incomplete before the next one";
      this.#error(`the document ${fault}`, begin, byteOffset);
      this.#state = "damaged";
      this.#before = isNext ? closeObject : byte;
      return isNext ? at : at + 1;
    }
    reading.pieces.push(data.subarray(from));
    reading.sizeBytes += data.length - from;
    if (reading.sizeBytes > maxItemBytes) {
      this.#error(`the document has more than ${maxItemBytes} bytes`, begin, byteOffset);
      this.#state = "damaged";
      this.#before = openObject;
    }
    return data.length;
  }

  #complete({ pieces, begin, byteOffset }: Reading): void {
    const bytes = Buffer.concat(pieces);
    const { pts, timeMs } = begin;
    if (bytes[0] !== openObject) this.#error("the document is an array, expected an object", begin, byteOffset);
    else if (bytes.length > maxItemBytes)
      this.#error(`the document has more than ${maxItemBytes} bytes`, begin, byteOffset);
    else if (!isUtf8(bytes)) this.#error("the document is not UTF-8", begin, byteOffset);
    else {
      try {
        const value = JSON.parse(bytes.toString("utf8")) as Record<string, unknown>;
        this.#items.push({ kind: "item", item: { value, pts, timeMs }, begin });
      } catch (error) {
        this.#error(`the document is not valid JSON: ${(error as Error).message}`, begin, byteOffset);
      }
    }
  }

  #error(message: string, begin: TextPacket, byteOffset: number): void {
    this.#errors++;
    this.#items.push({ kind: "error", message, begin, packetIndex: begin.index, byteOffset });
  }

  #taken(): ReadItem<JsonDocument>[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}
