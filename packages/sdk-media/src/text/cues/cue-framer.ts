import { maxItemBytes, type ReadItem, type TextPacket, type TextReader } from "../text-reader.ts";
import type { StreamCue } from "./cue.ts";
import { readBlock } from "./cue-block.ts";
import { toShownText } from "./cue-markup.ts";

const [lineFeed, carriageReturn, closingBrace] = [0x0a, 0x0d, 0x7d];
// If a packet has more errors, the stream does not contain cues, and the rest of the packet is skipped.
const maxErrors = 64;

/**
 * Finds the cues of a WebVTT or SubRip stream, in packets that are split anywhere. A cue is complete at the blank line
 * after it. A `}` at the start of a line ends a document, as in the streams of the reference; so does the end of the
 * stream. This is not left to a library, because none reads a stream or this format: of seven for whole files
 * (`subtitle`, `srt-parser-2`, `webvtt-parser`, `node-webvtt`, `media-captions`, `subsrt-ts`,
 * `@plussub/srt-vtt-parser`), each failed on at least one of CRLF, hours with three digits, a cue without text, styles,
 * or a byte order mark.
 */
export class CueFramer implements TextReader<StreamCue> {
  readonly memoryFactor = 5;
  readonly #kind: "webvtt" | "subrip";
  #headers: readonly string[] = [];
  /** The lines of the current block. */
  #lines: string[] = [];
  #begin: { readonly packet: TextPacket; readonly byteOffset: number } | undefined;
  /** The parts of the current line. */
  #line: Buffer[] = [];
  #blockBytes = 0;
  /** Whether the block is too long and is skipped. */
  #isSkipping = false;
  #afterReturn = false;
  #errors = 0;
  #items: ReadItem<StreamCue>[] = [];

  constructor(kind: "webvtt" | "subrip") {
    this.#kind = kind;
  }

  push(packet: TextPacket): ReadItem<StreamCue>[] {
    const data = Buffer.from(packet.data);
    this.#errors = 0;
    let at = 0;
    while (at < data.length && this.#errors < maxErrors) {
      const byte = data[at] as number;
      const isPair = this.#afterReturn && byte === lineFeed;
      this.#afterReturn = false;
      if (isPair) {
        at++;
        continue;
      }
      if (this.#line.length === 0 && (byte === closingBrace || (byte === 0 && this.#lines.length === 0))) {
        // NUL between blocks is padding.
        if (byte === closingBrace) this.#endDocument();
        at++;
        continue;
      }
      const end = lineEnd(data, at);
      if (end > at) this.#add(packet, data.subarray(at, end), at);
      if (end === data.length) break;
      this.#afterReturn = data[end] === carriageReturn;
      this.#endLine();
      at = end + 1;
    }
    return this.#taken();
  }

  end(): ReadItem<StreamCue>[] {
    this.#errors = 0;
    this.#endDocument();
    return this.#taken();
  }

  #add(packet: TextPacket, bytes: Buffer, byteOffset: number): void {
    this.#begin ??= { packet, byteOffset };
    this.#blockBytes += bytes.length;
    if (this.#blockBytes > maxItemBytes && !this.#isSkipping) {
      this.#error(`more than ${maxItemBytes} bytes without a blank line`);
      this.#isSkipping = true;
      this.#lines = [];
    }
    // Of a skipped line, only its existence matters, not its text.
    if (this.#isSkipping) this.#line = [Buffer.of(0x20)];
    else this.#line.push(bytes);
  }

  #endLine(): void {
    const pieces = this.#line;
    if (pieces.length === 0) {
      this.#endBlock();
      return;
    }
    this.#line = [];
    if (this.#isSkipping) return;
    const text = Buffer.concat(pieces).toString("utf8");
    const line = this.#lines.length === 0 ? text.replace(/^\ufeff/, "") : text;
    if (line.trim() === "") this.#endBlock();
    else this.#lines.push(line);
  }

  #endDocument(): void {
    this.#endLine();
    this.#endBlock();
    this.#headers = [];
  }

  #endBlock(): void {
    const lines = this.#lines;
    this.#lines = [];
    for (const block of lines.length === 0 ? [] : readBlock(lines)) {
      if (block.kind === "headers") this.#headers = block.headers;
      else if (block.kind === "error") this.#error(block.message);
      else if (this.#begin) {
        const { lines: text, kind, ...cue } = block;
        const markup = text.join("\n");
        const { packet: begin } = this.#begin;
        const { pts, timeMs } = begin;
        const item = {
          ...cue,
          text: toShownText(markup, this.#kind),
          markup,
          headers: this.#headers,
          pts,
          timeMs,
        };
        this.#items.push({ kind: "item", item, begin });
      }
    }
    this.#begin = undefined;
    this.#blockBytes = 0;
    this.#isSkipping = false;
  }

  #error(message: string): void {
    if (!this.#begin || this.#errors >= maxErrors) return;
    const { packet: begin, byteOffset } = this.#begin;
    this.#errors++;
    this.#items.push({ kind: "error", message, begin, packetIndex: begin.index, byteOffset });
  }

  #taken(): ReadItem<StreamCue>[] {
    const items = this.#items;
    this.#items = [];
    return items;
  }
}

function lineEnd(data: Buffer, from: number): number {
  for (let at = from; at < data.length; at++) if (data[at] === lineFeed || data[at] === carriageReturn) return at;
  return data.length;
}
