import { Type } from "@mcai/worker-sdk";
import {
  audioStream,
  cropTo,
  dataStream,
  defineMediaWorker,
  type MediaStream,
  type StreamDescriptor,
  videoStream,
} from "@mcai/worker-sdk-media";

export default defineMediaWorker({
  parameters: Type.Object({}),
  results: Type.Object({ pictures: Type.Integer(), samples: Type.Integer(), data_packets: Type.Integer() }),
  initProcess(format, _parameters, job) {
    const counts = { pictures: 0, samples: 0, data_packets: 0 };
    job.log.info(`${format.formatLongName}, ${format.durationMs ?? "?"} ms, ${format.streamCount} streams`);

    // The upper left quarter of each frame. Each batch becomes one entry at the destination.
    const crop = (stream: MediaStream & { width: number; height: number }) =>
      videoStream(
        stream,
        cropTo({ top: 0, left: 0, width: stream.width >> 1, height: stream.height >> 1 }),
        (frames) => {
          counts.pictures += frames.length;
          return frames.map(({ timeMs, timecode, width, height }) => ({ timeMs, timecode, width, height }));
        },
      );
    // The format that speech models expect.
    const resample = (stream: MediaStream) =>
      audioStream(stream, { sampleRate: 16_000, channels: 1, sampleFormat: "s16" }, (frames) => {
        for (const frame of frames) counts.samples += frame.sampleCount;
      });
    const count = (stream: MediaStream) =>
      dataStream(stream, {}, (packets) => {
        counts.data_packets += packets.length;
      });

    const streams = format.streams.map((stream): StreamDescriptor => {
      const { index, kind, codec, width = 0, height = 0 } = stream;
      job.log.info(`stream ${index}: ${kind}, ${codec}`, { width, height, sampleRate: stream.sampleRate });
      if (kind === "video") return crop({ ...stream, width, height });
      return kind === "audio" ? resample(stream) : count(stream);
    });
    return { streams, endingProcess: () => ({ parameters: counts }) };
  },
});
