import type { AVColorRange, AVColorSpace } from "node-av/constants";
import type { FilterContext, Frame as NativeFrame, FilterGraph as NativeGraph } from "node-av/lib";
import { MediaError, mediaError } from "../errors.ts";
import { AVERROR_EAGAIN, AVERROR_EOF, errorText, ffmpeg, sampleFormatName } from "../ffmpeg.ts";
import { collectLog } from "../ffmpeg-log.ts";
import type { Rational } from "../rational.ts";
import { acquireNativeFrame, releaseNativeFrame } from "./native-frames.ts";

/** FFmpeg's `AVCOL_SPC_NB` and `AVCOL_RANGE_NB`. */
const colorSpaceCount = 18;
const colorRangeCount = 3;
const AVCOL_SPC_UNSPECIFIED = 2 as AVColorSpace;
const AVCOL_RANGE_UNSPECIFIED = 0 as AVColorRange;

type Take = (frame: NativeFrame) => Promise<void> | undefined;

/**
 * A filter chain between a decoder and a handler. It is built for the first frame, and again when frames or chain
 * change.
 */
export class FilterGraph {
  /** The unit of the timestamps of filtered frames. */
  timeBase: Rational = { num: 0, den: 1 };
  readonly #kind: "video" | "audio";
  readonly #frameRate: Rational | undefined;
  readonly #threads: number;
  #graph: NativeGraph | undefined;
  #source: FilterContext | undefined;
  #sink: FilterContext | undefined;
  #shape = "";

  constructor(kind: "video" | "audio", frameRate: Rational | undefined, threads: number) {
    this.#kind = kind;
    this.#frameRate = frameRate;
    this.#threads = threads;
  }

  /**
   * Filters a frame, and passes on all frames that are ready.
   *
   * @throws {@link MediaError} `FILTER_REFUSED` with FFmpeg's reason, if a filter is rejected or fails.
   */
  async push(frame: NativeFrame, timeBase: Rational, filters: readonly string[], take: Take): Promise<void> {
    const chain = filters.join(",");
    const source = this.#describe(frame, timeBase);
    if (this.#shape !== source + chain) {
      await this.flush(take);
      await this.#build(source, chain);
    }
    await this.#feed(frame, take);
  }

  /** Passes on the frames that the filters have buffered, and frees the graph. */
  async flush(take: Take): Promise<void> {
    await this.#feed(null, take);
    this.close();
  }

  /** Frees the graph. */
  close(): void {
    this.#graph?.free();
    this.#graph = undefined;
    this.#source = undefined;
    this.#sink = undefined;
    this.#shape = "";
  }

  async #feed(frame: NativeFrame | null, take: Take): Promise<void> {
    const code = this.#source?.buffersrcAddFrameSync(frame) ?? 0;
    if (code < 0 && code !== AVERROR_EOF) throw mediaError("FILTER_REFUSED", `a filter failed: ${errorText(code)}`);
    await this.#drain(take);
  }

  async #drain(take: Take): Promise<void> {
    while (this.#sink) {
      const out = acquireNativeFrame();
      const code = this.#sink.buffersinkGetFrameSync(out);
      if (code >= 0) {
        const taking = take(out);
        if (taking) await taking;
        continue;
      }
      releaseNativeFrame(out);
      if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return;
      throw mediaError("FILTER_REFUSED", `a filter failed: ${errorText(code)}`);
    }
  }

  async #build(sourceArguments: string, chain: string): Promise<void> {
    const libraries = ffmpeg();
    const { Filter, FilterInOut } = libraries;
    // Not destructured: inside a class of the same name, TypeScript 7.0.2 emits the wrong property.
    const graph = new libraries.FilterGraph();
    graph.alloc();
    graph.nbThreads = this.#threads;
    this.#graph = graph;
    const names = this.#kind === "video" ? (["buffer", "buffersink"] as const) : (["abuffer", "abuffersink"] as const);
    const { code, lines } = await collectLog(() => {
      const [source, sink] = names.map((name, i) => {
        const filter = Filter.getByName(name);
        return filter && graph.createFilter(filter, i === 0 ? "in" : "out", i === 0 ? sourceArguments : null);
      });
      if (!source || !sink) return -22;
      this.#source = source;
      this.#sink = sink;
      const outputs = FilterInOut.createList([{ name: "in", filterCtx: source, padIdx: 0 }]);
      const inputs = FilterInOut.createList([{ name: "out", filterCtx: sink, padIdx: 0 }]);
      const parsed = graph.parse(`[in]${chain}[out]`, inputs, outputs);
      return parsed < 0 ? parsed : graph.configSync();
    });
    if (code < 0) {
      this.close();
      const reason = lines.join("; ") || errorText(code);
      throw mediaError("FILTER_REFUSED", `FFmpeg rejected the filters "${chain}": ${reason}`);
    }
    this.#shape = sourceArguments + chain;
    const { num, den } = (this.#sink as FilterContext).buffersinkGetTimeBase();
    this.timeBase = { num, den };
  }

  // The arguments of the buffer source, which describe the frames.
  #describe(frame: NativeFrame, timeBase: Rational): string {
    const unit = `time_base=${timeBase.num}/${timeBase.den}`;
    if (this.#kind === "audio") {
      const layout = ffmpeg().avChannelLayoutDescribe(frame.channelLayout);
      return `${unit}:sample_rate=${frame.sampleRate}:sample_fmt=${sampleFormatName(frame.format)}:channel_layout=${layout}`;
    }
    const { num, den } = frame.sampleAspectRatio;
    const rate = this.#frameRate ? `:frame_rate=${this.#frameRate.num}/${this.#frameRate.den}` : "";
    // Damaged files can contain other values, which FFmpeg's filters reject.
    if (frame.colorSpace >= colorSpaceCount) frame.colorSpace = AVCOL_SPC_UNSPECIFIED;
    if (frame.colorRange >= colorRangeCount) frame.colorRange = AVCOL_RANGE_UNSPECIFIED;
    const colors = `:colorspace=${frame.colorSpace}:range=${frame.colorRange}`;
    return `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}:${unit}:pixel_aspect=${num}/${Math.max(den, 1)}${rate}${colors}`;
  }
}
