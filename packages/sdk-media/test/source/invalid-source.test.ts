import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type FormatContext, videoStream } from "../../src/index.ts";
import { folder, media, runMedia, runStreams } from "../support/media.ts";

const firstVideo = (format: FormatContext) => [videoStream(format.first("video"), {}, () => undefined)];

const write = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("an invalid source", () => {
  it.each<[what: string, make: () => string | Promise<string>, message: RegExp]>([
    ["a missing file", () => join(folder, "no.mp4"), /no\.mp4 does not exist/],
    ["a missing folder", () => join(folder, "no", "no.mp4"), /does not exist/],
    ["a file where a folder should be", () => join(write("file", "x"), "a.mp4"), /does not exist/],
    ["a folder", () => folder, /is a folder; expected a media file/],
    ["an empty file", () => write("empty.mp4", ""), /empty\.mp4 is empty/],
    [
      "a text file",
      () => write("text.mp4", "This is no media.\n".repeat(500)),
      /is not a media file that FFmpeg can read/,
    ],
    ["a file of zeros", () => write("zeros.mp4", new Uint8Array(10_000)), /is not a media file that FFmpeg can read/],
    [
      "a truncated MP4",
      async () => write("cut.mp4", readFileSync(await media("h264-b.mp4")).subarray(0, 5000)),
      /is not a media file that FFmpeg can read, or it is truncated/,
    ],
    ["an unknown protocol", () => "nonsense://example/a.mp4", /cannot be opened: Protocol not found/],
  ])("fails the job: %s", async (_, make, message) => {
    const outcome = await runStreams(await make(), firstVideo);
    expect(outcome).toMatchObject({ status: "error", destinationPaths: [] });
    expect(outcome.message).toMatch(message);
  });

  it("is decoded as far as possible if it is a truncated TS", async () => {
    const whole = readFileSync(await media("h264-b.ts"));
    const run = await runMedia(write("cut.ts", whole.subarray(0, whole.length / 2)), { video: {} });
    expect(run.count).toBeGreaterThan(5);
    expect(run.count).toBeLessThan(50);
  });
});
