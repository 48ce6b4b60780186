import type { Packet } from "node-av/lib";
import { AV_NOPTS_VALUE, ffmpeg } from "./ffmpeg.ts";
import type { MediaJob } from "./media-job.ts";
import { toMs } from "./rational.ts";
import type { Source } from "./source/source.ts";
import { BatchQueue } from "./streams/batch-queue.ts";
import type { Pipeline } from "./streams/pipeline.ts";
import type { StreamDescriptor } from "./streams/stream-descriptor.ts";

/** The maximum time that the thread decodes without yielding to the event loop. */
const maxSliceMs = 15;

/** The part of the source that an order requests, in milliseconds from the start of the source. */
export interface Segment {
  readonly startMs: number | undefined;
  readonly stopMs: number | undefined;
}

/** Runs one job: reads packets from the source, feeds them to the pipelines of their streams, and reports progress. */
export class MediaProcess {
  readonly #source: Source;
  readonly #job: MediaJob;
  readonly #segment: Segment;
  readonly #pipelines = new Map<number, Pipeline>();
  readonly #queue: BatchQueue;
  readonly #leader: number;

  constructor(
    source: Source,
    job: MediaJob,
    descriptors: readonly StreamDescriptor[],
    segment: Segment,
    batchSize: number,
    maxWaitingBatches: number | undefined,
  ) {
    this.#source = source;
    this.#job = job;
    this.#segment = segment;
    this.#queue = new BatchQueue(
      () => job.throwIfStopped(),
      () => source.stop(),
      source.isLive ? maxWaitingBatches : undefined,
    );
    // Progress follows the first video or audio stream; packets of other streams may be rare.
    const timed = descriptors.filter(({ kind }) => kind === "video" || kind === "audio");
    this.#leader = Math.min(...(timed.length > 0 ? timed : descriptors).map(({ index }) => index));
    try {
      for (const descriptor of descriptors) {
        const pipeline = descriptor.createPipeline({
          source,
          threads: job.threads,
          batchSize,
          queue: this.#queue,
          segment,
          onResult: (result) => job.output.json().write(result),
          onPosition: (index, timeMs) => this.#progress(index, timeMs),
          warn: (index, message) => job.log.warn(`stream ${index}: ${message}`),
        });
        this.#pipelines.set(descriptor.index, pipeline);
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /**
   * Processes the source up to its end or the end of the segment. Rejects with the signal's reason or a handler's
   * error.
   */
  async run(): Promise<void> {
    this.#source.select(new Set(this.#pipelines.keys()));
    try {
      await this.#decode();
      for (const pipeline of this.#pipelines.values()) await pipeline.flush();
      await this.#queue.drained();
    } finally {
      // No handler may still run when the job has ended.
      await this.#queue.close();
      this.#reportDamage();
    }
    this.#job.progress(100);
  }

  /** The number of batches of a live source that were dropped. */
  get droppedBatches(): number {
    return this.#queue.dropped;
  }

  /** Releases all pipelines; the source stays open. */
  close(): void {
    for (const pipeline of this.#pipelines.values()) pipeline.close();
    this.#pipelines.clear();
  }

  async #decode(): Promise<void> {
    const packet = new (ffmpeg().Packet)();
    packet.alloc();
    try {
      await this.#seek(packet);
      let connectionCount = this.#source.connectionCount;
      let yieldedAt = performance.now();
      while (!this.#isDone()) {
        const reading = this.#source.read(packet, this.#job.signal);
        if (!(typeof reading === "boolean" ? reading : await reading)) break;
        if (this.#source.connectionCount !== connectionCount) {
          connectionCount = this.#source.connectionCount;
          for (const each of this.#pipelines.values()) await each.cut?.();
        }
        const pipeline = this.#pipelines.get(packet.streamIndex);
        const pushing = pipeline?.done === false ? pipeline.push(packet) : undefined;
        if (pushing) await pushing;
        packet.unref();
        this.#job.throwIfStopped();
        if (performance.now() - yieldedAt < maxSliceMs) continue;
        await new Promise((resolve) => setImmediate(resolve));
        yieldedAt = performance.now();
      }
    } finally {
      packet.free();
    }
  }

  #isDone(): boolean {
    for (const pipeline of this.#pipelines.values()) if (!pipeline.done) return false;
    return true;
  }

  #progress(index: number, timeMs: number): void {
    if (index !== this.#leader) return;
    const { startMs = 0, stopMs = this.#source.format.durationMs } = this.#segment;
    if (stopMs !== undefined && stopMs > startMs)
      this.#job.progress(Math.min(99, (100 * (timeMs - startMs)) / (stopMs - startMs)));
  }

  // Seeking in MPEG-TS overshoots: the first packets are inspected, and the seek target moves back until they are early
  // enough.
  async #seek(packet: Packet): Promise<void> {
    const { startMs } = this.#segment;
    if (startMs === undefined || startMs <= 0) return;
    let hasRead = false;
    for (let prerollMs = 1000; await this.#source.seek(startMs, this.#leader, prerollMs); prerollMs *= 4) {
      hasRead = true;
      const early = await this.#isEarly(packet, startMs);
      if (early) {
        await this.#source.seek(startMs, this.#leader, prerollMs);
        return;
      }
    }
    if (hasRead) await this.#source.rewind();
  }

  async #isEarly(packet: Packet, startMs: number): Promise<boolean> {
    const missing = new Set([...this.#pipelines.keys()]);
    while (missing.size > 0 && (await this.#source.read(packet, this.#job.signal))) {
      const { streamIndex: index, pts, isKeyframe } = packet;
      packet.unref();
      if (pts === AV_NOPTS_VALUE || !isKeyframe || !missing.has(index)) continue;
      const timeMs = toMs(pts, this.#source.stream(index).timeBase) - this.#source.startTimeUs / 1000;
      // For a stream with few packets, a late first packet proves nothing; for this one, it proves that the seek went
      // too far.
      if (timeMs > startMs - 100) return false;
      missing.delete(index);
      if (index === this.#leader) return true;
    }
    return missing.size === 0;
  }

  #reportDamage(): void {
    for (const [index, { damaged }] of this.#pipelines)
      if (damaged > 0)
        this.#job.log.warn(`stream ${index}: ${damaged} damaged packets or frames; the others were decoded`);
    if (this.#queue.dropped > 0)
      this.#job.log.warn(
        `${this.#queue.dropped} batches were dropped because the handlers were slower than the source`,
      );
  }
}
