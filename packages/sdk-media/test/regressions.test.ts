// What was wrong once.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Type } from "@mcai/worker-sdk";
import { runJob } from "@mcai/worker-sdk/testing";
import { describe, expect, it } from "vitest";
import { defineMediaWorker, videoStream } from "../src/index.ts";
import { ffmpegFrames, folder, media, newDestination, runMedia, runStreams } from "./media.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("gives the first AAC samples of an MP4 from 1 ms", async () => {
  const part = await runMedia(await media("long12.mp4"), { audio: {} }, { sdk_start_index: 1, sdk_stop_index: 41 });
  expect(part.sampleCount).toBe(1920);
  expect(part.timesMs[0]).toBeCloseTo(1, 3);
});

describe.each(["h264-b.ts", "mpeg2.ts"] as const)("%s", (name) => {
  it.each([
    ["fps=5", { name: "fps", parameters: { fps: 5 } }],
    ["fps=fps=30000/1001", { name: "fps", parameters: { fps: "30000/1001" } }],
    ["trim=start=0.5:end=1.2", { name: "trim", parameters: { start: 0.5, end: 1.2 } }],
  ])("gives the times of ffmpeg through %s", async (text, filter) => {
    const path = await media(name);
    const run = await runMedia(path, { video: { filters: [filter] } });
    const expected = (await ffmpegFrames(path, "video", [text])).get(text) ?? [];
    expect(run.timesMs).toHaveLength(expected.length);
    for (const [i, timeMs] of run.timesMs.entries())
      expect(Math.abs(timeMs - (expected[i]?.timeMs ?? 0))).toBeLessThan(0.6);
  });
});

it.each(["aac.ts", "ac3.ts"] as const)("cuts the sound of %s from its start", async (name) => {
  const filters = [{ name: "atrim", parameters: { start: 0.5, end: 1.2 } }];
  expect((await runMedia(await media(name), { audio: { filters } })).sampleCount).toBe(33_600);
});

it("leaves all results of a failed job in the .part file", async () => {
  const destination = newDestination();
  let count = 0;
  await runStreams(
    await media("h264-b.mp4"),
    (f) => [
      videoStream(f.first("video"), {}, ([frame]) => {
        if (++count === 20) throw new Error("the model is tired");
        return { timeMs: frame?.timeMs };
      }),
    ],
    { destination },
  );
  expect(readFileSync(`${destination}.part`, "utf8").match(/timeMs/g)).toHaveLength(19);
});

it("reports progress of what was handled, not of what was decoded", async () => {
  let handled = 0;
  let handledAtHalf = 0;
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      streams: [
        videoStream(format.first("video"), {}, async () => {
          await pause(5);
          handled++;
        }),
      ],
    }),
  });
  await runJob(
    worker,
    { source_path: await media("long12.mp4"), destination_path: newDestination() },
    {
      onResponse: ({ kind, body }) => {
        if (kind === "job_progression" && (body as { progression: number }).progression >= 50)
          handledAtHalf ||= handled;
      },
    },
  );
  expect(handledAtHalf).toBeGreaterThan(60);
});

it("filters pictures that claim colours which there are not", async () => {
  const bytes = readFileSync(await media("prores.mov"));
  // The matrix in the header of each picture.
  for (let at = bytes.indexOf("icpf"); at >= 0; at = bytes.indexOf("icpf", at + 1)) bytes[at + 20] = 235;
  const path = join(folder, "colours.mov");
  writeFileSync(path, bytes);
  expect((await runMedia(path, { video: { pixelFormat: "rgb24" } })).count).toBe(50);
});
