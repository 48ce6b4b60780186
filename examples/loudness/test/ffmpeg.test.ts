import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startMediaJob } from "@mcai/worker-sdk-media/testing";
import { afterAll, expect, it, vi } from "vitest";
import type { Reading } from "../src/loudness-meter.ts";
import worker from "../src/worker.ts";

vi.setConfig({ testTimeout: 60_000 });

const folder = mkdtempSync(join(tmpdir(), "mcai-loudness-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ffmpeg = (...parameters: string[]) =>
  promisify(execFile)("ffmpeg", ["-hide_banner", "-nostats", "-y", ...parameters], { maxBuffer: 1 << 26 });

/** Encodes the output of a filter graph. */
async function makeMedia(name: string, graph: string, options: string): Promise<string> {
  const path = join(folder, name);
  await ffmpeg("-v", "error", "-f", "lavfi", "-i", graph, ...options.split(" "), path);
  return path;
}

/** Measures with the ffmpeg command: the summary, and a line every 100 ms, all with one decimal. */
async function measureWithFFmpeg(path: string, dualMono: boolean) {
  const filter = `ebur128=peak=true:dualmono=${dualMono}:framelog=info`;
  const { stderr } = await ffmpeg("-i", path, "-af", filter, "-f", "null", "-");
  const [lines = "", summary = ""] = stderr.split("Summary:");
  const number = (pattern: RegExp) => Number(pattern.exec(summary)?.[1]);
  return {
    integrated: number(/I: +(\S+) LUFS/),
    range: number(/LRA: +(\S+) LU/),
    truePeak: number(/Peak: +(\S+) dBFS/),
    readings: [...lines.matchAll(/ M: *(\S+) S: *(\S+) /g)].map(([, m, s]) => [Number(m), Number(s)] as const),
  };
}

// Loud and soft parts of noise and of a tone, so that gates and range have an effect.
const programme = (layout: string, channels: number, rate: number) => {
  const parts = [0.5, 0.05, 0.2, 0.005].map((gain, i) => {
    const noise = Array.from(
      { length: channels },
      (_, c) => `${gain}*(0.6*(random(${c})*2-1)+0.3*sin(2*PI*${400 + 300 * c}*t))`,
    );
    return `aevalsrc=${noise.join("|")}:s=${rate}:d=${4 + i}.03:c=${layout}[p${i}]`;
  });
  return `${parts.join(";")};[p0][p1][p2][p3]concat=n=4:v=0:a=1`;
};

it.each<[name: string, layout: string, channels: number, rate: number, options: string, dualMono?: boolean]>([
  ["aac.mp4", "stereo", 2, 48_000, "-c:a aac -b:a 192k"],
  ["mp3.mp3", "stereo", 2, 44_100, "-c:a libmp3lame -b:a 192k"],
  ["mono.flac", "mono", 1, 44_100, "-c:a flac -sample_fmt s16"],
  ["dual.wav", "mono", 1, 32_000, "-c:a pcm_s24le", true],
  ["high.wav", "stereo", 2, 96_000, "-c:a pcm_f32le"],
  ["surround.ac3", "5.1(side)", 6, 48_000, "-c:a ac3 -b:a 448k"],
  ["mp2.ts", "stereo", 2, 48_000, "-c:a mp2 -b:a 256k"],
])(
  "measures the same loudness of %s as the ffmpeg command",
  async (name, layout, channels, rate, options, dualMono = false) => {
    const path = await makeMedia(name, programme(layout, channels, rate), options);
    const reference = await measureWithFFmpeg(path, dualMono);
    const outcome = await startMediaJob(worker, { source: path, parameters: { dual_mono: dualMono } }).result;
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    const { integrated_lufs, loudness_range_lu, true_peak_dbtp } = outcome.parameters;
    // 0.05 for the rounding to one decimal, and the same for differences between versions of FFmpeg.
    for (const [value, expected] of [
      [integrated_lufs, reference.integrated],
      [loudness_range_lu, reference.range],
      [true_peak_dbtp, reference.truePeak],
    ])
      expect(Math.abs(Number(value) - Number(expected)), `${value} is not ${expected}`).toBeLessThanOrEqual(0.1);
    expect(reference.range).toBeGreaterThan(5);

    const { frames } = outcome.output() as { frames: Reading[] };
    const readings = frames.slice(0, -1);
    expect(readings).toHaveLength(reference.readings.length);
    for (const [i, { momentaryLufs, shortTermLufs }] of readings.entries())
      for (const [value, expected = 0] of [
        [momentaryLufs, reference.readings[i]?.[0]],
        [shortTermLufs, reference.readings[i]?.[1]],
      ] as const)
        if (expected < -117) expect(value).toBeNull();
        else expect(Math.abs((value ?? 0) - expected), `${value} is not ${expected} at ${i}`).toBeLessThanOrEqual(0.1);
  },
);

it("fails if the number of channels changes, because FFmpeg starts its measurement again there", async () => {
  const parts = await Promise.all(
    [1, 2].map((channels) =>
      makeMedia(`${channels}.ts`, programme(`${channels}c`, channels, 48_000), "-c:a mp2 -b:a 128k"),
    ),
  );
  const path = join(folder, "changes.ts");
  writeFileSync(path, Buffer.concat(parts.map((part) => readFileSync(part))));
  const outcome = await startMediaJob(worker, { source: path }).result;
  expect(outcome).toMatchObject({
    status: "error",
    message: expect.stringMatching(/The audio changes its sample rate, format or channels just before \d+ ms/),
  });
});
