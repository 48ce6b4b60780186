// A user's worker: pack.test.ts installs the packed SDKs and type-checks, builds and runs this beside them.
import { type Static, Type } from "@mcai/worker-sdk";
import {
  type AudioFrame,
  audioStream,
  cropTo,
  type DataPacket,
  dataStream,
  defineMediaWorker,
  type FormatContext,
  MediaError,
  type MediaJob,
  MediaWorker,
  type PcmWindow,
  type PortedFrame,
  pcmStream,
  type Rational,
  type Samples,
  type StreamDescriptor,
  type VideoFrame,
  VideoStreamDescriptor,
  videoStream,
} from "@mcai/worker-sdk-media";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles only if the types given are the same. */
export function same<A, B>(..._: Same<A, B> extends true ? [] : [never]): void {}

interface Model {
  detect(tensor: Float32Array): number;
}

const results = Type.Object({ bright: Type.Integer(), seconds: Type.Number() });

export default defineMediaWorker({
  parameters: Type.Object({ level: Type.Integer({ default: 100 }), language: Type.Optional(Type.String()) }),
  results,
  setup: (): Model => ({ detect: (tensor) => tensor.reduce((sum, value) => sum + value, 0) / tensor.length }),
  initProcess(format, parameters, job, model) {
    same<typeof format, FormatContext>();
    same<typeof job, MediaJob<typeof results>>();
    same<typeof model, Model>();
    same<typeof parameters.source_path, string>();
    same<typeof parameters.batch_size, number>();
    same<typeof parameters.sdk_start_index, number | undefined>();
    same<typeof parameters.level, number>();
    same<typeof parameters.language, string | undefined>();
    const video = format.first("video");
    same<typeof video.width, number | undefined>();
    same<typeof video.averageFrameRate, Rational | undefined>();
    let { level } = parameters;
    let bright = 0;
    const options = { ...cropTo({ top: 0, left: 0, width: 8, height: 8 }), pixelFormat: "rgb24", batchSize: 4 };
    return {
      streams: [
        videoStream(video, options, async (frames) => {
          same<typeof frames, VideoFrame[]>();
          for (const frame of frames) {
            same<typeof frame.planes, readonly Uint8Array[]>();
            same<typeof frame.pts, bigint>();
            if (model.detect(frame.tensor({ scale: 1 })) > level) bright++;
            await job.output.json().write({ timeMs: frame.timeMs, timecode: frame.timecode });
          }
        }),
      ],
      updateProcess(changed) {
        same<typeof changed.level, number | undefined>();
        level = changed.level ?? level;
      },
      endingProcess(why) {
        same<typeof why, "completed" | "stopped" | "failed">();
        return { parameters: { bright, seconds: (format.durationMs ?? 0) / 1000 } };
      },
    };
  },
});

export const otherStreams = (format: FormatContext): StreamDescriptor[] => [
  audioStream(format.first("audio"), { sampleFormat: "fltp" }, (frames) => {
    same<typeof frames, AudioFrame[]>();
    same<ReturnType<AudioFrame["samples"]>, Samples>();
  }),
  pcmStream(format.first("audio"), { sampleRate: 16_000, windowMs: 1000 }, (window) => {
    same<typeof window.samples, Float32Array>();
    const whole: PcmWindow = window;
    return whole.startMs;
  }),
  pcmStream(format.first("audio"), { sampleRate: 16_000, windowMs: 1000, format: "int16" }, ({ samples }) => {
    same<typeof samples, Int16Array>();
  }),
  dataStream(format.first("data"), {}, (packets) => {
    same<typeof packets, DataPacket[]>();
  }),
  // @ts-expect-error: there is no such kind
  videoStream(format.first("pictures"), {}, () => undefined),
  // @ts-expect-error: the options are not complete
  pcmStream(format.first("audio"), { sampleRate: 16_000 }, () => undefined),
];

export const notCompiled = () =>
  defineMediaWorker({
    parameters: Type.Object({}),
    results: Type.Object({ count: Type.Integer() }),
    initProcess: () => ({
      streams: [],
      // @ts-expect-error: the results say that count is an integer
      endingProcess: () => ({ parameters: { count: "3" } }),
    }),
  });

const own = Type.Object({ name: Type.String() });

export class Ported extends MediaWorker<typeof own> {
  initProcess(format: FormatContext, { name }: Static<typeof own>) {
    if (name === "") throw new MediaError("STREAM_INVALID", "expected a name");
    return [new VideoStreamDescriptor(format.first("video").index, [{ name: "fps", parameters: { fps: 5 } }])];
  }

  processFrames(jobId: number, streamIndex: number, frames: PortedFrame[]) {
    return { jobId, streamIndex, count: frames.length };
  }
}
