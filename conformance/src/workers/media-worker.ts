import { type Static, Type } from "@mcai/worker-sdk";
import {
  AudioFrame,
  AudioStreamDescriptor,
  DataStreamDescriptor,
  type FormatContext,
  MediaWorker,
  type PortedFrame,
  VideoFrame,
  VideoStreamDescriptor,
} from "@mcai/worker-sdk-media";
import { goldenMetadata, RuntimeError, sleep, ValueError } from "./golden.ts";
import { toFilter } from "./python-filter.ts";

const parameters = Type.Object({
  action: Type.String(),
  delay_ms: Type.Optional(Type.Integer()),
  video_filter: Type.Optional(Type.String()),
});

type Descriptor = AudioStreamDescriptor | DataStreamDescriptor | VideoStreamDescriptor;

/** The twin of ../shared/peer/workers/media_worker.py: the parameter `action` selects what it does. */
class GoldenMediaWorker extends MediaWorker<typeof parameters> {
  #action = "";
  #delaySeconds = 0;
  #calls: { readonly index: number; readonly count: number }[] = [];

  override setup() {
    console.warn("setup called");
  }

  initProcess(format: FormatContext, p: Static<typeof parameters>): Descriptor[] {
    this.#action = p.action;
    this.#delaySeconds = (p.delay_ms ?? 0) / 1000;
    this.#calls = [];
    if (p.action === "init_raise") throw new ValueError("init boom");
    if (p.action === "context") console.warn(`CONTEXT ${JSON.stringify(format)}`);
    if (p.action === "no_stream") return [];
    if (p.action === "return_none") return undefined as unknown as Descriptor[];
    const isCoded = (kind: string) => kind === "video" || kind === "audio";
    if (p.action === "data")
      return format.streams.filter(({ kind }) => !isCoded(kind)).map(({ index }) => new DataStreamDescriptor(index));
    return format.streams.flatMap(({ kind, index }) => {
      if (kind === "video" && p.action !== "audio_only") return [video(index, p.video_filter || undefined)];
      if (kind === "audio" && p.action !== "video_only") return [audio(index, p.video_filter)];
      return [];
    });
  }

  processFrames(jobId: number, index: number, frames: PortedFrame[]): unknown {
    this.#calls.push({ index, count: frames.length });
    if (this.#delaySeconds > 0) sleep(this.#delaySeconds);
    if (this.#action === "frame_raise" && this.#calls.length === 5) throw new ValueError("frame boom");
    if (this.#action === "return_none_frames") return undefined;
    const pts = frames.map((frame) => Number(frame.pts));
    if (this.#action === "return_json_string") return JSON.stringify({ stream: index, pts });
    if (this.#action === "describe_frames") return JSON.stringify(frames.map(describe));
    // The Python SDK passes the id of the job as a string.
    return { job_id: String(jobId), stream: index, n: frames.length, pts };
  }

  override endingProcess() {
    const streams: Record<string, { calls: number; frames: number; last_batch: number }> = {};
    for (const { index, count } of this.#calls) {
      streams[index] ??= { calls: 0, frames: 0, last_batch: 0 };
      streams[index].calls++;
      streams[index].frames += count;
      streams[index].last_batch = count;
    }
    console.warn(`ENDING ${JSON.stringify(streams)}`);
    if (this.#action === "ending_raise") throw new ValueError("ending boom");
  }
}

// The Python SDK crashes without a filter, so its worker uses one that changes nothing.
function video(index: number, filter = "format=pix_fmts=yuv420p"): Descriptor {
  if (filter === "none") return new VideoStreamDescriptor(index);
  return new VideoStreamDescriptor(index, [toFilter(filter, `${filter.split("=")[0]}_filter`)]);
}

function audio(index: number, filter: string | undefined): Descriptor {
  if (filter === "none") return new AudioStreamDescriptor(index);
  return new AudioStreamDescriptor(index, [{ name: "aformat", parameters: { sample_fmts: "fltp" } }]);
}

// The fields of the Python SDK that frames of this SDK have too, by its names. Its frames always have all of them.
function describe(frame: PortedFrame): Record<string, unknown> {
  const pts = Number(frame.pts);
  if (frame instanceof VideoFrame) {
    const { width, height, isKeyFrame } = frame;
    const video = { width, height, key_frame: Number(isKeyFrame) };
    return { name: "video", pts, ...video, nb_samples: 0, sample_rate: 0, channels: 0 };
  }
  if (!(frame instanceof AudioFrame)) throw new RuntimeError("packets have no such fields");
  const audio = { nb_samples: frame.sampleCount, sample_rate: frame.sampleRate, channels: frame.channels };
  return { name: "audio", pts, width: 0, height: 0, key_frame: 1, ...audio };
}

export default new GoldenMediaWorker(parameters, goldenMetadata);
