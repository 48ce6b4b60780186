import { Type } from "@mcai/worker-sdk";
import { defineMediaWorker, videoStream } from "@mcai/worker-sdk-media";
import { detectorFilters, ShotDetector } from "./shot-detector.ts";

export default defineMediaWorker({
  parameters: Type.Object({
    cut_threshold: Type.Number({
      default: 10,
      minimum: 0,
      maximum: 100,
      description: "Minimum difference between two frames for a cut",
    }),
    minimum_shot_ms: Type.Number({
      default: 0,
      minimum: 0,
      description: "A cut sooner than this after the previous one is ignored",
    }),
    black_pixel_threshold: Type.Number({
      default: 0.1,
      minimum: 0,
      maximum: 1,
      description: "Maximum brightness of a black pixel, from black to white",
    }),
    black_picture_ratio: Type.Number({
      default: 0.98,
      minimum: 0,
      maximum: 1,
      description: "Minimum share of black pixels in a black frame",
    }),
    minimum_black_ms: Type.Number({ default: 0, minimum: 0, description: "Shorter black intervals are ignored" }),
  }),
  results: Type.Object({ shots: Type.Integer(), black_intervals: Type.Integer(), black_ms: Type.Number() }),
  initProcess(format, parameters, job) {
    const stream = format.first("video");
    const options = {
      cutThreshold: parameters.cut_threshold,
      minimumShotMs: parameters.minimum_shot_ms,
      blackPixelThreshold: parameters.black_pixel_threshold,
      blackPictureRatio: parameters.black_picture_ratio,
      minimumBlackMs: parameters.minimum_black_ms,
    };
    const rate = stream.averageFrameRate;
    const detector = new ShotDetector(options, rate ? (1000 * rate.den) / rate.num : 0);
    const json = job.output.json();
    return {
      streams: [
        videoStream(stream, { filters: detectorFilters(options) }, async (frames) => {
          for (const frame of frames) for (const found of detector.add(frame)) await json.write(found);
        }),
      ],
      async endingProcess(why) {
        if (why === "failed") return;
        for (const found of detector.end()) await json.write(found);
        const { shots, blackIntervals, blackMs } = detector;
        return { parameters: { shots, black_intervals: blackIntervals, black_ms: Math.round(blackMs * 1000) / 1000 } };
      },
    };
  },
});
