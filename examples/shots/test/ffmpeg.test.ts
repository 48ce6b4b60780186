import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startMediaJob } from "@mcai/worker-sdk-media/testing";
import { afterAll, expect, it, vi } from "vitest";
import type { Interval } from "../src/interval.ts";
import type { Found } from "../src/shot-detector.ts";
import worker from "../src/worker.ts";

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "mcai-shots-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ffmpeg = (...parameters: string[]) =>
  promisify(execFile)("ffmpeg", ["-hide_banner", "-nostats", "-y", ...parameters]);

const parts = [
  ["testsrc2", 31],
  ["color=black", 7],
  ["smptehdbars", 23],
  ["mandelbrot", 40],
  ["color=black", 9],
] as const;

/** Encodes frames of FFmpeg's sources: the given number of each, one after another. */
async function makeMedia(name: string, rate: string, options: string, size = "320x180"): Promise<string> {
  const path = join(folder, name);
  const graphs = parts.map(
    ([graph, frames], i) =>
      `${graph}${graph.includes("=") ? ":" : "="}s=${size}:r=${rate},trim=end_frame=${frames}[p${i}]`,
  );
  const inputs = parts.map((_, i) => `[p${i}]`).join("");
  const graph = `${graphs.join(";")};${inputs}concat=n=${parts.length}:v=1:a=0,fps=${rate},format=yuv420p`;
  await ffmpeg("-v", "error", "-f", "lavfi", "-i", graph, ...options.split(" "), path);
  return path;
}

async function detect(path: string) {
  const outcome = await startMediaJob(worker, { source: path, parameters: { batch_size: 8 } }).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
  const { frames } = outcome.output() as { frames: Found[] };
  return {
    shots: frames.flatMap((entry) => ("shot" in entry ? [entry.shot] : [])),
    black: frames.flatMap((entry) => ("black" in entry ? [entry.black] : [])),
  };
}

/** Detects with the ffmpeg command; times are in milliseconds from the start of the source. */
async function detectWithFFmpeg(path: string) {
  const filter = "setpts=PTS-STARTPTS,scdet,blackdetect=d=0";
  const { stderr } = await ffmpeg("-i", path, "-vf", filter, "-f", "null", "-");
  const times = (pattern: RegExp) => [...stderr.matchAll(pattern)].map(([, seconds]) => 1000 * Number(seconds));
  return { cuts: times(/lavfi\.scd\.time: (\S+)/g), blackStarts: times(/black_start:(\S+)/g) };
}

const x264 = "-c:v libx264 -preset veryfast";

it.each([
  ["progressive.mp4", "25", `${x264} -bf 3 -g 12 -timecode 09:59:59:00`],
  ["drop-frame.mov", "30000/1001", `${x264} -bf 2 -g 30 -timecode 00:00:59;00`],
  ["late.ts", "25", `${x264} -bf 3 -g 12 -output_ts_offset 12.345`],
  ["mpeg2.ts", "30000/1001", "-c:v mpeg2video -bf 2 -g 12 -b:v 4M"],
  ["prores.mov", "24", "-c:v prores_ks -profile:v 0"], // ten bits a sample
  ["fast.mkv", "50", `${x264} -bf 2`],
])(
  "finds the cuts and the black in %s where they were made, and where the ffmpeg command finds them",
  async (name, rate, options) => {
    const path = await makeMedia(name, rate, options);
    const [num = 0, den = 1] = rate.split("/").map(Number);
    const boundaries = [0];
    for (const [, frames] of parts) boundaries.push((boundaries.at(-1) ?? 0) + (1000 * frames * den) / num);
    const { shots, black } = await detect(path);
    // Containers round times: MPEG-TS to 1/90000 s, Matroska to 1 ms.
    const expectTimes = (intervals: readonly Interval[], indexes: readonly number[]) => {
      expect(intervals).toHaveLength(indexes.length);
      for (const [i, index] of indexes.entries()) {
        expect(Math.abs((intervals[i]?.startMs ?? Number.NaN) - (boundaries[index] ?? 0))).toBeLessThan(0.6);
        expect(Math.abs((intervals[i]?.endMs ?? Number.NaN) - (boundaries[index + 1] ?? 0))).toBeLessThan(0.6);
      }
    };
    expectTimes(shots, [0, 1, 2, 3, 4]);
    expectTimes(black, [1, 4]);

    const reference = await detectWithFFmpeg(path);
    const startsOf = (intervals: readonly Interval[]) => intervals.map(({ startMs }) => Math.round(startMs));
    expect(startsOf(shots.slice(1))).toEqual(reference.cuts.map(Math.round));
    expect(startsOf(black)).toEqual(reference.blackStarts.map(Math.round));
  },
);

it("counts drop-frame timecodes", async () => {
  const { shots } = await detect(await makeMedia("dropped.mov", "30000/1001", `${x264} -timecode 00:00:59;00`));
  const timecodes = shots.map(({ startTimecode, lastTimecode }) => `${startTimecode}–${lastTimecode}`);
  // 00:01:00;00 and 00:01:00;01 do not exist.
  expect(timecodes).toEqual([
    "00:00:59;00–00:01:00;02",
    "00:01:00;03–00:01:00;09",
    "00:01:00;10–00:01:01;02",
    "00:01:01;03–00:01:02;12",
    "00:01:02;13–00:01:02;21",
  ]);
});

it("continues when the frame size changes, even within black", async () => {
  // The first frame is at 1.44 s without an offset, and at 1.4 s plus the offset with one.
  const small = await makeMedia("small.ts", "25", "-c:v mpeg2video -b:v 4M");
  const large = await makeMedia("large.ts", "25", "-c:v mpeg2video -b:v 4M -output_ts_offset 4.44", "640x360");
  const path = join(folder, "sizes.ts");
  writeFileSync(path, Buffer.concat([readFileSync(small), readFileSync(large)]));
  const { shots, black } = await detect(path);
  const times = (intervals: readonly Interval[]) =>
    intervals.map(({ startMs, endMs }) => `${Math.round(startMs)}–${Math.round(endMs)}`);
  expect(times(shots)).toEqual([
    ...["0–1240", "1240–1520", "1520–2440", "2440–4040", "4040–4400"],
    ...["4400–5640", "5640–5920", "5920–6840", "6840–8440", "8440–8800"],
  ]);
  expect(times(black)).toEqual(["1240–1520", "4040–4400", "5640–5920", "8440–8800"]);
});
