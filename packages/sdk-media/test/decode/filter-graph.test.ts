import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Filter, videoStream } from "../../src/index.ts";
import { ffmpegFrames, folder, media, runMedia, runStreams } from "../support/media.ts";

describe("invalid filters", () => {
  it.each<[what: string, filter: Filter, message: RegExp]>([
    ["an unknown filter", { name: "no_such" }, /rejected the filters "no_such": .*No such filter: 'no_such'/s],
    ["an unknown option", { name: "yadif", parameters: { nope: 1 } }, /Could not set non-existent option 'nope'/],
    ["a wrong value", { name: "yadif", parameters: { mode: "sideways" } }, /sideways/],
    ["an impossible size", { name: "crop", parameters: { w: 10_000, h: 10 } }, /Invalid too big or non positive size/],
    ["an audio filter for video", { name: "atempo" }, /atempo/],
    ["two outputs", { name: "split" }, /rejected the filters "split"/],
  ])("fail the job: %s", async (_, filter, message) => {
    const path = await media("h264-b.mp4");
    const outcome = await runStreams(path, (f) => [
      videoStream(f.first("video"), { filters: [filter] }, () => undefined),
    ]);
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(message);
  });

  it("accept values with characters that have a meaning for FFmpeg", async () => {
    const filters = [{ name: "metadata", parameters: { mode: "add", key: "a", value: "it's: [a], b; \\c" } }];
    expect((await runMedia(await media("h264-b.mp4"), { video: { filters } })).count).toBe(50);
  });
});

describe.each(["h264-b.ts", "mpeg2.ts"] as const)("%s", (name) => {
  it.each([
    ["fps=5", { name: "fps", parameters: { fps: 5 } }],
    ["fps=fps=30000/1001", { name: "fps", parameters: { fps: "30000/1001" } }],
    ["trim=start=0.5:end=1.2", { name: "trim", parameters: { start: 0.5, end: 1.2 } }],
  ])("has the frame times of ffmpeg with %s", async (text, filter) => {
    const path = await media(name);
    const run = await runMedia(path, { video: { filters: [filter] } });
    const expected = (await ffmpegFrames(path, "video", [text])).get(text) ?? [];
    expect(run.timesMs).toHaveLength(expected.length);
    for (const [i, timeMs] of run.timesMs.entries())
      expect(Math.abs(timeMs - (expected[i]?.timeMs ?? 0))).toBeLessThan(0.6);
  });
});

it.each(["aac.ts", "ac3.ts"] as const)("cuts the audio of %s relative to its start", async (name) => {
  const filters = [{ name: "atrim", parameters: { start: 0.5, end: 1.2 } }];
  expect((await runMedia(await media(name), { audio: { filters } })).sampleCount).toBe(33_600);
});

it("filters frames that declare invalid colours", async () => {
  const bytes = readFileSync(await media("prores.mov"));
  // The matrix in the header of each frame.
  for (let at = bytes.indexOf("icpf"); at >= 0; at = bytes.indexOf("icpf", at + 1)) bytes[at + 20] = 235;
  const path = join(folder, "colours.mov");
  writeFileSync(path, bytes);
  expect((await runMedia(path, { video: { pixelFormat: "rgb24" } })).count).toBe(50);
});
