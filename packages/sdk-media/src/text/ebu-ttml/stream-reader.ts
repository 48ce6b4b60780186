import type { ReadItem, TextPacket, TextReader } from "../text-reader.ts";
import { EbuTtDocument, type StreamArrival } from "./document.ts";
import { isDvbTtml, isLikeDvbTtml, unwrapDvbTtml } from "./dvb-ttml.ts";
import { EbuTtError } from "./error.ts";
import type { FramedItem } from "./framed-item.ts";
import { Framer } from "./framer.ts";
import type { ParseOptions } from "./parse-options.ts";

/** Reads the documents of a stream: MPEG-TS private data, DVB TTML, samples of MP4, or plain XML. */
export class EbuTtmlReader implements TextReader<EbuTtDocument> {
  // Measured with documents of 1 to 5 kB.
  readonly memoryFactor = 7;
  readonly #framer: Framer;
  readonly #options: ParseOptions;
  /** The offset of the times of documents in MP4; undefined for other streams. */
  readonly #sampleOffsetMs: number | undefined;
  /** Whether a packet was DVB TTML; then any other packet is damaged. */
  #isDvb = false;
  /** The packets since the start of the current document. */
  #pushed: { readonly packet: TextPacket; readonly offsetMs: number | undefined }[] = [];
  #firstPushed = 0;

  /** @param sampleOffsetMs - The offset of the times, if each packet is a complete document. */
  constructor(options: ParseOptions, sampleOffsetMs?: number) {
    this.#framer = new Framer(options);
    this.#options = options;
    this.#sampleOffsetMs = sampleOffsetMs;
  }

  push(packet: TextPacket): ReadItem<EbuTtDocument>[] {
    const { data, timeMs } = packet;
    if (this.#sampleOffsetMs !== undefined)
      return [...this.#read(packet, data, this.#sampleOffsetMs), ...this.#ended()];
    this.#isDvb ||= isDvbTtml(data);
    if (!this.#isDvb && !isLikeDvbTtml(data)) return this.#read(packet, data, undefined);
    try {
      const { mediaTime, documents } = unwrapDvbTtml(data, this.#options.limits?.documentBytes);
      const offsetMs = timeMs === undefined ? undefined : timeMs - Number(mediaTime) / 10;
      return documents.flatMap((document) => [...this.#read(packet, document, offsetMs), ...this.#ended()]);
    } catch (error) {
      if (!(error instanceof EbuTtError)) throw error;
      const message = `${error.code}: ${error.message}`;
      return [{ kind: "error", message, begin: packet, packetIndex: packet.index, byteOffset: 0 }];
    }
  }

  end(): ReadItem<EbuTtDocument>[] {
    return this.#ended();
  }

  #read(packet: TextPacket, data: Uint8Array, offsetMs: number | undefined): ReadItem<EbuTtDocument>[] {
    this.#pushed.push({ packet, offsetMs });
    const items = this.#framer.push(data).flatMap((item) => this.#toItem(item));
    this.#forget(1);
    return items;
  }

  #ended(): ReadItem<EbuTtDocument>[] {
    const items = this.#framer.end().flatMap((item) => this.#toItem(item));
    this.#forget(0);
    return items;
  }

  // Packets must not accumulate: a stream can contain only padding for days.
  #forget(kept: number): void {
    const count = this.#pushed.length;
    const begun = this.#framer.startPacketIndex ?? this.#firstPushed + count - kept;
    this.#firstPushed += this.#pushed.splice(0, Math.max(0, begun - this.#firstPushed)).length;
  }

  #pushedAt(framerIndex: number): { packet: TextPacket; offsetMs: number | undefined } | undefined {
    return this.#pushed[Math.max(0, framerIndex - this.#firstPushed)] ?? this.#pushed.at(-1);
  }

  #toItem(item: FramedItem): ReadItem<EbuTtDocument>[] {
    const found = this.#pushedAt(item.packetIndex);
    if (!found) return [];
    const { packet: begin, offsetMs } = found;
    if (item.kind === "document") {
      const arrival: StreamArrival = Object.freeze({ pts: begin.pts, timeMs: begin.timeMs, offsetMs });
      return [{ kind: "item", item: new EbuTtDocument({ ...item.document, arrival }), begin }];
    }
    // A live message is neither a document nor damage.
    if (item.kind === "message") return [];
    const { message, position, code } = item.error;
    const packetIndex = this.#pushedAt(position?.packetIndex ?? item.packetIndex)?.packet.index ?? begin.index;
    const place = { packetIndex, byteOffset: position?.byteOffset ?? 0 };
    return [{ kind: "error", message: `${code}: ${message}`, begin, ...place }];
  }
}
