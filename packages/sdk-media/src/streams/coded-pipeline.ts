import type { Frame as NativeFrame, Packet } from "node-av/lib";
import { Decoder } from "../decode/decoder.ts";
import { FilterGraph } from "../decode/filter-graph.ts";
import type { FrameClock } from "../decode/frame.ts";
import { SampleClock } from "../decode/sample-clock.ts";
import { AV_NOPTS_VALUE } from "../ffmpeg.ts";
import { ptsAtOrAfter, type Rational, roundToPts, toMs } from "../rational.ts";
import type { Pipeline, PipelineContext } from "./pipeline.ts";

/** What a {@link CodedPipeline} is made of. */
export interface CodedPipelineOptions {
  readonly index: number;
  readonly kind: "video" | "audio";
  readonly context: PipelineContext;
  /** The filters for frames like this one; an empty chain passes them on as they are. */
  readonly makeChain: (frame: NativeFrame) => string[];
  /** Gets each frame and owns it from then on. */
  readonly take: (frame: NativeFrame, clock: FrameClock) => Promise<void>;
  /** The end: what is left goes out. */
  readonly finish: () => Promise<void>;
  /** The job ended early: what is left goes nowhere. */
  readonly discard: () => void;
  /** Sound that is this far from what came before goes through filters of its own. @default it goes through the same */
  readonly jumpSeconds?: number;
}

/** Packets → decoder → segment → filters → frames, of a video or audio stream. */
export class CodedPipeline implements Pipeline {
  done = false;
  readonly #options: CodedPipelineOptions;
  readonly #decoder: Decoder;
  readonly #clock: SampleClock;
  readonly #graph: FilterGraph;
  /** The unit of the timestamps of decoded frames: the stream's for pictures, a sample for sound. */
  #timeBase: Rational = { num: 0, den: 1 };
  #limits: Limits = { startPts: undefined, stopPts: undefined, shift: 0n };
  #frameClock: FrameClock = { timeBase: this.#timeBase, startTimeMs: 0 };
  #lastPts: bigint | undefined;

  constructor(options: CodedPipelineOptions) {
    const { context, index, kind } = options;
    const stream = context.source.stream(index);
    this.#options = options;
    this.#setTimeBase({ num: stream.timeBase.num, den: stream.timeBase.den });
    this.#clock = new SampleClock(this.#timeBase);
    this.#decoder = new Decoder(stream, kind, context.threads);
    const { num, den } = stream.avgFrameRate;
    this.#graph = new FilterGraph(kind, num > 0 && den > 0 ? { num, den } : undefined, context.threads);
  }

  get damaged(): number {
    return this.#decoder.damaged;
  }

  async push(packet: Packet): Promise<void> {
    await this.#decoder.push(packet, (frame) => this.#decoded(frame));
  }

  async flush(): Promise<void> {
    if (!this.done) await this.#decoder.push(null, (frame) => this.#decoded(frame));
    await this.#graph.end((frame) => this.#filtered(frame));
    await this.#options.finish();
  }

  close(): void {
    this.#options.discard();
    this.#graph.close();
    this.#decoder.close();
  }

  async #decoded(frame: NativeFrame): Promise<void> {
    const { kind, makeChain, take, jumpSeconds = Number.POSITIVE_INFINITY } = this.#options;
    if (kind === "audio") {
      this.#setTimeBase(this.#clock.mark(frame));
      // A resampler holds samples back, and would give those from before a gap behind it.
      if (Math.abs(this.#clock.jumpSeconds) >= jumpSeconds) await this.#graph.end((out) => this.#filtered(out));
    } else if (frame.pts === AV_NOPTS_VALUE) frame.pts = this.#guessPts();
    this.#lastPts = frame.pts;
    const { startPts, stopPts, shift } = this.#limits;
    const endPts = frame.pts + (kind === "audio" ? BigInt(frame.nbSamples) : 1n);
    if (stopPts !== undefined && frame.pts >= stopPts) this.done = true;
    if (this.done || (startPts !== undefined && endPts <= startPts)) {
      frame.free();
      return;
    }
    // The filter cuts a sound frame that begins before the segment, or ends after it, to the sample.
    const trim = kind === "audio" ? toTrim(startPts, stopPts, shift) : [];
    const chain = [...trim, ...makeChain(frame)];
    if (chain.length === 0) return take(frame, this.#frameClock);
    // Filters see times from the start of the media, as with the ffmpeg command, or fps=5 has another grid.
    frame.pts -= shift;
    try {
      await this.#graph.push(frame, this.#timeBase, chain, (filtered) => this.#filtered(filtered));
    } finally {
      frame.free();
    }
  }

  #filtered(frame: NativeFrame): Promise<void> {
    return this.#options.take(frame, { timeBase: this.#graph.timeBase, startTimeMs: 0 });
  }

  // Raw streams and attached pictures have no timestamps: such a picture follows the one before, or begins.
  #guessPts(): bigint {
    if (this.#lastPts === undefined) return this.#limits.shift;
    const { avgFrameRate: average, rFrameRate: real } = this.#options.context.source.stream(this.#options.index);
    const rate = average.num > 0 && average.den > 0 ? average : real;
    const { num, den } = this.#timeBase;
    if (rate.num <= 0 || rate.den <= 0) return this.#lastPts + 1n;
    return this.#lastPts + BigInt(Math.max(1, Math.round((rate.den * den) / (rate.num * num))));
  }

  // What follows from the unit of timestamps, computed once.
  #setTimeBase(timeBase: Rational): void {
    if (timeBase.num === this.#timeBase.num && timeBase.den === this.#timeBase.den) return;
    this.#timeBase = timeBase;
    const { source, segment } = this.#options.context;
    const toPts = (timeMs: number | undefined) =>
      timeMs === undefined ? undefined : ptsAtOrAfter(timeMs * 1000 + source.startTimeUs, timeBase);
    const shift = roundToPts(source.startTimeUs, timeBase);
    this.#limits = { startPts: toPts(segment.startMs), stopPts: toPts(segment.stopMs), shift };
    this.#frameClock = { timeBase, startTimeMs: toMs(shift, timeBase) };
  }
}

interface Limits {
  readonly startPts: bigint | undefined;
  readonly stopPts: bigint | undefined;
  /** The start of the media. */
  readonly shift: bigint;
}

function toTrim(startPts: bigint | undefined, stopPts: bigint | undefined, shift: bigint): string[] {
  const limits = [];
  if (startPts !== undefined) limits.push(`start_pts=${startPts - shift}`);
  if (stopPts !== undefined) limits.push(`end_pts=${stopPts - shift}`);
  return limits.length > 0 ? [`atrim=${limits.join(":")}`] : [];
}
