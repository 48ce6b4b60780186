import { type Static, Type } from "@mcai/worker-sdk";
import {
  AudioStreamDescriptor,
  type FormatContext,
  MediaWorker,
  type PortedFrame,
  VideoStreamDescriptor,
} from "@mcai/worker-sdk-media";
import { goldenMetadata } from "./golden.ts";
import { toFilter } from "./python-filter.ts";

const parameters = Type.Object({ vf: Type.Optional(Type.String()), audio: Type.Optional(Type.Boolean()) });

/** The twin of ../shared/peer/workers/count_worker.py, which only counts frames; `vf` names the video filter. */
class CountWorker extends MediaWorker<typeof parameters> {
  #counts: Record<number, number> = {};
  #firstPts: Record<number, number> = {};
  #lastPts: Record<number, number> = {};
  #startMs = 0;
  #endMs = 0;

  initProcess(format: FormatContext, { vf, audio }: Static<typeof parameters>) {
    this.#counts = {};
    this.#firstPts = {};
    this.#lastPts = {};
    this.#startMs = performance.now();
    const filter = vf || "null";
    return format.streams.flatMap(({ kind, index }) => {
      if (kind === "video") return [new VideoStreamDescriptor(index, filter === "none" ? [] : [toFilter(filter)])];
      return kind === "audio" && audio ? [new AudioStreamDescriptor(index, [{ name: "anull" }])] : [];
    });
  }

  processFrames(_jobId: number, index: number, frames: PortedFrame[]) {
    const pts = Number(frames[0]?.pts);
    this.#counts[index] = (this.#counts[index] ?? 0) + frames.length;
    this.#firstPts[index] ??= pts;
    this.#lastPts[index] = pts;
    this.#endMs = performance.now();
  }

  override endingProcess() {
    const seconds = Number(((this.#endMs - this.#startMs) / 1000).toFixed(3));
    const counted = { frames: this.#counts, seconds_first_to_last_call: seconds };
    console.log(JSON.stringify({ ...counted, first_pts: this.#firstPts, last_batch_pts: this.#lastPts }));
  }
}

export default new CountWorker(parameters, goldenMetadata);
