import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { cli, makeMedia } from "./support/media.ts";

// `pnpm memory` measures longer sources: MCAI_MEMORY_MINUTES lists their lengths.
const long = process.env.MCAI_MEMORY_MINUTES?.split(",").map((minutes) => 60 * Number(minutes));
const seconds = long ?? [20, 160];
const script = fileURLToPath(new URL("support/measure-memory.mjs", import.meta.url));

interface Measured {
  readonly frames: number;
  readonly windows: number;
  /** The maximum of the process. */
  readonly peakMb: number;
  /** After each job. */
  readonly afterMb: readonly number[];
}

async function measure(...parameters: string[]): Promise<Measured> {
  const { stdout } = await cli(process.execPath, script, ...parameters);
  return JSON.parse(stdout) as Measured;
}

const sources = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=20 -f lavfi -i sine=440:r=48000:d=20";
const codecs = "-map 0 -map 1 -map 0 -map 1 -c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 0 -g 50 -c:a aac";
const clip = await makeMedia("clip.mkv", `${sources} ${codecs}`);

it("needs no more memory for long sources than for short ones", {
  timeout: 60_000 + seconds.length * 600_000,
}, async () => {
  const peaks: number[] = [];
  for (const length of seconds) {
    const path = await makeMedia(`${length}s.mkv`, `-stream_loop ${length / 20 - 1} -i ${clip} -map 0 -c copy`);
    const { frames, windows, peakMb } = await measure("jobs", path);
    expect(Math.abs(frames - 25 * length)).toBeLessThanOrEqual(length / 10);
    expect(windows).toBeGreaterThan(1.9 * length);
    peaks.push(peakMb);
    console.log(`${length} s: ${frames} frames, ${windows} windows, ${peakMb} MB at most`);
  }
  for (const peak of peaks.slice(1)) expect(peak - (peaks[0] as number)).toBeLessThan(40);
});

// The allocators of Node and FFmpeg stop growing after about 60 jobs (of 300: 110 MB, then 156 to 163).
it("needs no more memory for the hundredth job than for the fiftieth", { timeout: 120_000 }, async () => {
  const short = await makeMedia("short.mkv", `-t 4 -i ${clip} -map 0 -c copy`);
  const { afterMb, peakMb } = await measure("jobs", short, "100");
  expect(afterMb).toHaveLength(100);
  const maxMb = (from: number, to: number) => Math.max(...afterMb.slice(from, to));
  console.log(`100 jobs: ${maxMb(45, 55)} MB in the middle, ${maxMb(90, 100)} after the last, ${peakMb} at most`);
  expect(maxMb(90, 100) - maxMb(45, 55)).toBeLessThan(25);
});

it("limits decoding ahead by bytes, not by frames", { timeout: 120_000 }, async () => {
  // A frame has 6 MB, all of them 1.2 GB.
  const graph = "testsrc2=size=1920x1080:rate=25:duration=8,format=rgb24";
  const { frames, peakMb } = await measure("slow", graph);
  expect(frames).toBe(200);
  console.log(`200 frames of 6 MB before a slow handler: ${peakMb} MB at most`);
  expect(peakMb).toBeLessThan(400);
});
