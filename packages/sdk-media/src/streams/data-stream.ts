import type { Packet } from "node-av/lib";
import { AV_NOPTS_VALUE } from "../ffmpeg.ts";
import { toMs } from "../rational.ts";
import type { MediaStream } from "../source/format-context.ts";
import { callHandler } from "./call-handler.ts";
import type { Pipeline, PipelineContext } from "./pipeline.ts";
import { expectBatchSize, expectKind, type HandlerResult, type StreamDescriptor } from "./stream-descriptor.ts";

/** One packet of a stream that is not decoded. Its bytes are a copy and last. */
export interface DataPacket {
  readonly data: Uint8Array;
  /** In the stream's time base; undefined if the packet has none. */
  readonly pts: bigint | undefined;
  /** From the start of the media; undefined if the packet has no timestamp. */
  readonly timeMs: number | undefined;
}

/**
 * Asks for the packets of a data or subtitle stream as they are.
 *
 * @param stream - Such as `format.first("data")`.
 * @param options - `batchSize`: packets a call, by default the job's `batch_size`.
 * @param handler - As that of {@link videoStream}.
 * @throws {MediaError} `STREAM_INVALID` if it is a video or audio stream.
 *
 * @example
 * ```ts
 * dataStream(format.first("data"), {}, (packets) => void (count += packets.length));
 * ```
 */
export function dataStream(
  stream: MediaStream,
  options: { readonly batchSize?: number },
  handler: (packets: DataPacket[]) => HandlerResult,
): StreamDescriptor {
  expectKind("dataStream", stream, ["data", "subtitle", "attachment", "unknown"]);
  expectBatchSize("dataStream", options.batchSize);
  return {
    index: stream.index,
    kind: stream.kind,
    open: (context) => new DataPipeline(stream, context, options.batchSize, handler),
  };
}

class DataPipeline implements Pipeline {
  readonly damaged = 0;
  done = false;
  readonly #stream: MediaStream;
  readonly #context: PipelineContext;
  readonly #batchSize: number;
  readonly #handler: (packets: DataPacket[]) => HandlerResult;
  #packets: DataPacket[] = [];

  constructor(
    stream: MediaStream,
    context: PipelineContext,
    batchSize: number | undefined,
    handler: (packets: DataPacket[]) => HandlerResult,
  ) {
    this.#stream = stream;
    this.#context = context;
    this.#batchSize = batchSize ?? context.batchSize;
    this.#handler = handler;
  }

  push(packet: Packet): Promise<void> | undefined {
    const { segment, source } = this.#context;
    const pts = packet.pts === AV_NOPTS_VALUE ? undefined : packet.pts;
    const timeMs = pts === undefined ? undefined : toMs(pts, this.#stream.timeBase) - source.startTimeUs / 1000;
    if (timeMs !== undefined) {
      if (segment.stopMs !== undefined && timeMs >= segment.stopMs) this.done = true;
      if (this.done || (segment.startMs !== undefined && timeMs < segment.startMs)) return undefined;
    }
    this.#packets.push({ data: Uint8Array.from(packet.data ?? []), pts, timeMs });
    return this.#packets.length >= this.#batchSize ? this.flush() : undefined;
  }

  async flush(): Promise<void> {
    const packets = this.#packets;
    this.#packets = [];
    if (packets.length === 0) return;
    await this.#context.queue.put({
      sizeBytes: packets.reduce((sum, { data }) => sum + data.length, 0),
      handle: () =>
        callHandler(this.#context, this.#stream.index, packets.at(-1)?.timeMs, () => this.#handler([...packets])),
      release: () => undefined,
    });
  }

  close(): void {
    this.#packets = [];
  }
}
