import { Type } from "@mcai/worker-sdk";
import { expect, it } from "vitest";
import { type AudioFrame, audioStream, defineMediaWorker, type VideoFrame, videoStream } from "../../src/index.ts";
import { source, startMediaJob, type TestSource } from "../../src/testing.ts";

type Metadata = Readonly<Record<string, string>>;

/** Runs the first stream through a filter, and returns each frame, released by then, with the metadata it had. */
async function readMetadata(from: TestSource, kind: "video" | "audio", filter?: { name: string; parameters?: object }) {
  const found: { frame: VideoFrame | AudioFrame; metadata: Metadata }[] = [];
  const take = (frames: (VideoFrame | AudioFrame)[]) => {
    for (const frame of frames) {
      found.push({ frame, metadata: frame.metadata });
      expect(frame.metadata).toBe(frame.metadata); // read once
    }
  };
  const filters = filter ? [filter as { name: string }] : [];
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      streams: [
        kind === "video"
          ? videoStream(format.first("video"), { filters, batchSize: 7 }, take)
          : audioStream(format.first("audio"), { filters, batchSize: 7 }, take),
      ],
    }),
  });
  const outcome = await startMediaJob(worker, { source: from }).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
  return found;
}

it("has the results of a video filter for each frame", async () => {
  const video = source.lavfi("color=black:s=64x64:d=0.4[a];color=white:s=64x64:d=0.4[b];[a][b]concat=n=2:v=1:a=0");
  const found = await readMetadata(video, "video", { name: "signalstats" });
  expect(found.map(({ metadata }) => metadata["lavfi.signalstats.YAVG"])).toEqual([
    ...Array<string>(10).fill("16"),
    ...Array<string>(10).fill("235"),
  ]);
});

it("has the results of an audio filter, and stays readable after the frame is released", async () => {
  const found = await readMetadata(source.lavfi("sine=997:r=48000:d=1"), "audio", {
    name: "ebur128",
    parameters: { metadata: 1 },
  });
  expect(found).toHaveLength(10);
  const momentary = found.map(({ metadata }) => Number(metadata["lavfi.r128.M"]));
  expect(momentary.slice(0, 3)).toEqual([-120.691, -120.691, -120.691]); // 400 ms have not passed
  for (const loudness of momentary.slice(3)) expect(loudness).toBeCloseTo(-21.1, 1);
  for (const { frame } of found)
    expect(() => frame.metadata).toThrow(expect.objectContaining({ code: "FRAME_RELEASED" }));
});

it("is empty without a filter that writes metadata", async () => {
  for (const [kind, graph] of [
    ["video", "testsrc2=d=0.2"],
    ["audio", "sine=d=0.2"],
  ] as const)
    for (const { metadata } of await readMetadata(source.lavfi(graph), kind)) expect(metadata).toEqual({});
});
