import type { Packet } from "node-av/lib";
import {
  AV_NOPTS_VALUE,
  AV_PKT_DATA_WEBVTT_IDENTIFIER,
  AV_PKT_DATA_WEBVTT_SETTINGS,
  AV_PKT_FLAG_CORRUPT,
} from "../ffmpeg.ts";
import { toMs } from "../rational.ts";
import type { MediaStream } from "../source/format-context.ts";
import type { ReadItem, TextPacket, TextReader } from "../text/text-reader.ts";
import { callHandler } from "./call-handler.ts";
import { OrderedCalls } from "./ordered-calls.ts";
import type { PacketStreamOptions } from "./packet-stream-options.ts";
import type { Pipeline, PipelineContext } from "./pipeline.ts";
import type { HandlerResult } from "./stream-descriptor.ts";

/** The maximum number of warnings about damage per stream; the total is logged at the end. */
const maxWarnings = 100;

/** The pipeline of a stream that FFmpeg does not decode: packets → reader → segment → batches. */
export class PacketPipeline<Item> implements Pipeline {
  damaged = 0;
  done = false;
  readonly #stream: MediaStream;
  readonly #context: PipelineContext;
  readonly #reader: TextReader<Item>;
  readonly #batchSize: number;
  readonly #handler: (items: Item[]) => HandlerResult;
  readonly #calls: OrderedCalls | undefined;
  #packetCount = 0;
  #items: Item[] = [];
  #timeMs: number | undefined;
  /** The size of the packets since the last batch. */
  #sizeBytes = 0;

  constructor(
    stream: MediaStream,
    context: PipelineContext,
    options: PacketStreamOptions,
    reader: TextReader<Item>,
    handler: (items: Item[]) => HandlerResult,
  ) {
    const { batchSize = context.batchSize, concurrency = 1 } = options;
    this.#stream = stream;
    this.#context = context;
    this.#reader = reader;
    this.#batchSize = batchSize;
    this.#handler = handler;
    if (concurrency > 1) this.#calls = new OrderedCalls(context, stream.index, concurrency);
  }

  push(packet: Packet): Promise<void> | undefined {
    const read = this.#toTextPacket(packet);
    this.#sizeBytes += read.data.length;
    const { stopMs } = this.#context.segment;
    const found = this.#reader.push(read);
    // A part of the packet is missing, so an item that started in it cannot be completed.
    if ((packet.flags & AV_PKT_FLAG_CORRUPT) !== 0) found.push(...this.#reader.end());
    if (read.timeMs !== undefined && stopMs !== undefined && read.timeMs >= stopMs) this.done = true;
    return found.length > 0 ? this.#add(found) : undefined;
  }

  async cut(): Promise<void> {
    if (!this.done) await this.#add(this.#reader.end());
  }

  async flush(): Promise<void> {
    // An item that is incomplete at the end of the segment is not damaged.
    if (!this.done) await this.#add(this.#reader.end());
    await this.#put();
  }

  close(): void {
    this.#items = [];
  }

  async #add(found: readonly ReadItem<Item>[]): Promise<void> {
    for (const read of found) {
      if (!this.#isInSegment(read.begin)) continue;
      if (read.kind === "error") {
        this.#report(read);
        continue;
      }
      this.#items.push(read.item);
      this.#timeMs = read.begin.timeMs;
      if (this.#items.length >= this.#batchSize) await this.#put();
    }
  }

  #put(): Promise<void> | undefined {
    const items = this.#items;
    const timeMs = this.#timeMs;
    if (items.length === 0) return undefined;
    const sizeBytes = this.#sizeBytes * this.#reader.memoryFactor;
    this.#items = [];
    this.#sizeBytes = 0;
    const { index } = this.#stream;
    const handler = () => this.#handler(items);
    const calls = this.#calls;
    const release = () => undefined;
    if (!calls)
      return this.#context.queue.put({
        sizeBytes,
        handle: () => callHandler(this.#context, index, timeMs, handler),
        release,
      });
    return this.#context.queue.put({
      sizeBytes,
      handle: () => calls.call(timeMs, handler),
      release,
      pace: () => calls.pace(),
    });
  }

  #isInSegment({ timeMs }: TextPacket): boolean {
    const { startMs = 0, stopMs = Number.POSITIVE_INFINITY } = this.#context.segment;
    return timeMs === undefined || (timeMs < stopMs && (startMs === 0 || timeMs >= startMs));
  }

  #report({ message, packetIndex, byteOffset, begin }: ReadItem<Item> & { readonly kind: "error" }): void {
    this.damaged++;
    if (this.damaged > maxWarnings) return;
    const time = begin.timeMs === undefined ? "" : ` (${begin.timeMs / 1000} s)`;
    const last = this.damaged === maxWarnings ? "; further damage is counted but not logged" : "";
    this.#context.warn(
      this.#stream.index,
      `damaged in packet ${packetIndex}${time}, byte ${byteOffset}: ${message}${last}`,
    );
  }

  #toTextPacket(packet: Packet): TextPacket {
    const { timeBase, codec } = this.#stream;
    const pts = packet.pts === AV_NOPTS_VALUE ? undefined : packet.pts;
    const timeMs = pts === undefined ? undefined : toMs(pts, timeBase) - this.#context.source.startTimeUs / 1000;
    return {
      data: packet.data ?? new Uint8Array(),
      index: this.#packetCount++,
      pts,
      timeMs,
      durationMs: toMs(packet.duration, timeBase),
      ...(codec === "webvtt" && {
        id: packet.getSideData(AV_PKT_DATA_WEBVTT_IDENTIFIER)?.toString("utf8"),
        settings: packet.getSideData(AV_PKT_DATA_WEBVTT_SETTINGS)?.toString("utf8"),
      }),
    };
  }
}
