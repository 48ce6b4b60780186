import type { Frame as NativeFrame, Packet } from "node-av/lib";
import { Decoder } from "../decode/decoder.ts";
import { FilterGraph } from "../decode/filter-graph.ts";
import type { FrameClock } from "../decode/frame.ts";
import { releaseNativeFrame } from "../decode/native-frames.ts";
import { SampleClock } from "../decode/sample-clock.ts";
import { AV_NOPTS_VALUE } from "../ffmpeg.ts";
import { ptsAtOrAfter, type Rational, roundToPts, toMs } from "../rational.ts";
import type { Pipeline, PipelineContext } from "./pipeline.ts";

/** Options of {@link CodedPipeline}. */
export interface CodedPipelineOptions {
  readonly index: number;
  readonly kind: "video" | "audio";
  readonly context: PipelineContext;
  /** Returns the filter chain for frames like this one; an empty chain leaves frames unchanged. */
  readonly makeChain: (frame: NativeFrame) => string[];
  /** Receives each frame, and must release it. */
  readonly take: (frame: NativeFrame, clock: FrameClock) => Promise<void> | undefined;
  /** Called at the end; passes on what is left. */
  readonly flush: () => Promise<void> | undefined;
  /** Called when the pipeline is closed; releases what is left. */
  readonly close: () => void;
  /** A gap or overlap in the audio of at least this length flushes and rebuilds the filters. @default never */
  readonly jumpSeconds?: number;
}

/** The pipeline of a video or audio stream: packets → decoder → segment → filters → frames. */
export class CodedPipeline implements Pipeline {
  done = false;
  readonly #options: CodedPipelineOptions;
  readonly #decoder: Decoder;
  readonly #clock: SampleClock;
  readonly #graph: FilterGraph;
  /** The unit of the timestamps of decoded frames: the stream's for video, one sample for audio. */
  #timeBase: Rational = { num: 0, den: 1 };
  #bounds: SegmentBounds = { startPts: undefined, stopPts: undefined, shift: 0n };
  #frameClock: FrameClock = { timeBase: this.#timeBase, startTimeMs: 0 };
  readonly #take = (frame: NativeFrame) => this.#onDecoded(frame);
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

  push(packet: Packet): Promise<void> | undefined {
    return this.#decoder.push(packet, this.#take);
  }

  async flush(): Promise<void> {
    if (!this.done) await this.#decoder.push(null, this.#take);
    await this.#graph.flush((frame) => this.#onFiltered(frame));
    await this.#options.flush();
  }

  close(): void {
    this.#options.close();
    this.#graph.close();
    this.#decoder.close();
  }

  // A promise would cost more than most audio frames cost here.
  #onDecoded(frame: NativeFrame): Promise<void> | undefined {
    const nativePts = frame.pts;
    const pts = nativePts === AV_NOPTS_VALUE ? frame.bestEffortTimestamp : nativePts;
    if (this.#options.kind === "video")
      return this.#place(frame, nativePts, pts === AV_NOPTS_VALUE ? this.#guessPts() : pts, 1);
    const { nbSamples } = frame;
    const countedPts = this.#clock.mark(pts, frame.sampleRate, nbSamples);
    this.#setTimeBase(this.#clock.timeBase);
    const { jumpSeconds = Number.POSITIVE_INFINITY } = this.#options;
    if (Math.abs(this.#clock.jumpSeconds) < jumpSeconds) return this.#place(frame, nativePts, countedPts, nbSamples);
    // A resampler buffers samples, and would output those from before a gap after it.
    return this.#graph
      .flush((out) => this.#onFiltered(out))
      .then(() => this.#place(frame, nativePts, countedPts, nbSamples));
  }

  // Passes on frames of the segment; `nativePts` is the timestamp of the native frame, `pts` the corrected one.
  #place(frame: NativeFrame, nativePts: bigint, pts: bigint, length: number): Promise<void> | undefined {
    const { kind, makeChain, take } = this.#options;
    this.#lastPts = pts;
    const { startPts, stopPts, shift } = this.#bounds;
    if (stopPts !== undefined && pts >= stopPts) this.done = true;
    if (this.done || (startPts !== undefined && pts + BigInt(length) <= startPts)) {
      releaseNativeFrame(frame);
      return undefined;
    }
    // The filter trims an audio frame that starts before the segment, or ends after it, to the sample.
    const trim = kind === "audio" ? toTrim(startPts, stopPts, shift) : [];
    const chain = [...trim, ...makeChain(frame)];
    // Filters get times from the start of the source, as with the ffmpeg command; otherwise fps=5 would use another
    // grid.
    const seen = chain.length === 0 ? pts : pts - shift;
    if (seen !== nativePts) frame.pts = seen;
    return chain.length === 0 ? take(frame, this.#frameClock) : this.#filter(frame, chain);
  }

  async #filter(frame: NativeFrame, chain: readonly string[]): Promise<void> {
    try {
      await this.#graph.push(frame, this.#timeBase, chain, (filtered) => this.#onFiltered(filtered));
    } finally {
      releaseNativeFrame(frame);
    }
  }

  #onFiltered(frame: NativeFrame): Promise<void> | undefined {
    return this.#options.take(frame, { timeBase: this.#graph.timeBase, startTimeMs: 0 });
  }

  // Frames of raw streams and attached pictures have no timestamps: each follows the previous one.
  #guessPts(): bigint {
    if (this.#lastPts === undefined) return this.#bounds.shift;
    const { avgFrameRate: average, rFrameRate: real } = this.#options.context.source.stream(this.#options.index);
    const rate = average.num > 0 && average.den > 0 ? average : real;
    const { num, den } = this.#timeBase;
    if (rate.num <= 0 || rate.den <= 0) return this.#lastPts + 1n;
    return this.#lastPts + BigInt(Math.max(1, Math.round((rate.den * den) / (rate.num * num))));
  }

  // Values that depend on the unit of timestamps are computed once.
  #setTimeBase(timeBase: Rational): void {
    if (timeBase.num === this.#timeBase.num && timeBase.den === this.#timeBase.den) return;
    this.#timeBase = timeBase;
    const { source, segment } = this.#options.context;
    const toPts = (timeMs: number | undefined) =>
      timeMs === undefined ? undefined : ptsAtOrAfter(timeMs * 1000 + source.startTimeUs, timeBase);
    const shift = roundToPts(source.startTimeUs, timeBase);
    this.#bounds = { startPts: toPts(segment.startMs), stopPts: toPts(segment.stopMs), shift };
    this.#frameClock = { timeBase, startTimeMs: toMs(shift, timeBase) };
  }
}

interface SegmentBounds {
  readonly startPts: bigint | undefined;
  readonly stopPts: bigint | undefined;
  /** The first timestamp of the source. */
  readonly shift: bigint;
}

function toTrim(startPts: bigint | undefined, stopPts: bigint | undefined, shift: bigint): string[] {
  const bounds = [];
  if (startPts !== undefined) bounds.push(`start_pts=${startPts - shift}`);
  if (stopPts !== undefined) bounds.push(`end_pts=${stopPts - shift}`);
  return bounds.length > 0 ? [`atrim=${bounds.join(":")}`] : [];
}
