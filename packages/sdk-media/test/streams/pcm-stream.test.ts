import { readFileSync, writeFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { Type } from "@mcai/worker-sdk";
import { describe, expect, it } from "vitest";
import { PcmTimeline } from "../../src/decode/pcm-timeline.ts";
import {
  audioStream,
  defineMediaWorker,
  type Filter,
  type PcmStreamOptions,
  type PcmWindow,
  pcmStream,
} from "../../src/index.ts";
import { source, startMediaJob, type TestSource } from "../../src/testing.ts";
import { type CommonParameters, ffmpegBytes, folder, type MediaName, makeMedia, media } from "../support/media.ts";

type Options = Omit<PcmStreamOptions, "format"> & { format?: "float32" | "int16" };

/** Reads the first audio stream of a source in windows, and returns them with the logged warnings. */
async function takeWindows(from: TestSource, options: Options, parameters: CommonParameters = {}) {
  const windows: PcmWindow[] = [];
  const warnings: string[] = [];
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format, _, job) => {
      job.log.warn = (message) => void warnings.push(message);
      const take = (window: PcmWindow) => void windows.push(window);
      return { streams: [pcmStream(format.first("audio"), options as PcmStreamOptions & { format: "int16" }, take)] };
    },
  });
  const outcome = await startMediaJob(worker, { source: from, parameters }).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
  return { windows, warnings };
}

/** Joins the windows into one array for each channel, and checks that overlaps are equal. */
function join(windows: readonly PcmWindow[], channels: number, planar = false) {
  const first = windows[0]?.startSample ?? 0;
  const last = windows.at(-1);
  const length = last ? last.startSample + last.sampleCount - first : 0;
  const audio = Array.from({ length: channels }, () => new Float32Array(length));
  let known = 0;
  for (const { samples, sampleCount, startSample } of windows) {
    for (const [channel, all] of audio.entries())
      for (let i = 0; i < sampleCount; i++) {
        const value = samples[planar ? channel * sampleCount + i : i * channels + channel] as number;
        const at = startSample - first + i;
        if (at < known && all[at] !== value) throw new Error(`sample ${at} differs between two windows`);
        all[at] = value;
      }
    if (startSample - first > known) throw new Error(`samples are missing at ${known}`);
    known = startSample - first + sampleCount;
  }
  return { first, audio };
}

const rate = 16_000;
const toBytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength);
const noise = (length: number) => Int16Array.from({ length }, (_, i) => ((i * 7919) % 65_521) - 32_760);

describe("windows", () => {
  it.each<[samples: number, windowMs: number, overlapMs: number, starts: number[], last: number]>([
    [16_000, 250, 0, [0, 4000, 8000, 12_000], 4000],
    [16_001, 250, 0, [0, 4000, 8000, 12_000, 16_000], 1],
    [15_999, 250, 0, [0, 4000, 8000, 12_000], 3999],
    [16_000, 250, 50, [0, 3200, 6400, 9600, 12_800], 3200],
    [16_000, 250, 125, [0, 2000, 4000, 6000, 8000, 10_000, 12_000], 4000],
    [4000, 250, 125, [0], 4000],
    [16_000, 30_000, 0, [0], 16_000],
    [2, 1000, 999.9375, [0], 2],
  ])("divide %i samples into %i ms with an overlap of %i ms", async (count, windowMs, overlapMs, starts, last) => {
    const samples = noise(count);
    const { windows, warnings } = await takeWindows(source.pcm(samples, rate), {
      ...{ sampleRate: rate, windowMs, overlapMs, format: "int16" },
    });
    const length = (windowMs * rate) / 1000;
    expect(windows.map(({ startSample }) => startSample)).toEqual(starts);
    expect(windows.map(({ sampleCount }) => sampleCount)).toEqual([...starts.slice(1).map(() => length), last]);
    for (const { startSample, sampleCount, startMs, endMs, samples: found } of windows) {
      expect(found).toBeInstanceOf(Int16Array);
      expect(found).toEqual(samples.subarray(startSample, startSample + sampleCount));
      expect([startMs, endMs]).toEqual([startSample / 16, (startSample + sampleCount) / 16]);
    }
    expect(warnings).toEqual([]);
  });

  const stereo = noise(3000);
  const left = Float32Array.from(stereo.filter((_, i) => i % 2 === 0));
  const right = Float32Array.from(stereo.filter((_, i) => i % 2 === 1));
  const toFloat = (value: number) => value / 32_768;
  it.each<[string, Options["format"], boolean]>([
    ["interleaved", "int16", false],
    ["planar", "int16", true],
    ["interleaved", "float32", false],
    ["planar", "float32", true],
  ])("have %s samples as %s", async (_, format, planar) => {
    const options: Options = { sampleRate: rate, channels: 2, windowMs: 40, overlapMs: 10, planar };
    const { windows } = await takeWindows(source.pcm(stereo, rate, 2), { ...options, ...(format && { format }) });
    expect(windows[0]?.samples).toBeInstanceOf(format === "int16" ? Int16Array : Float32Array);
    expect(windows.map(({ samples }) => samples.length)).toEqual([1280, 1280, 1080]);
    const { audio } = join(windows, 2, planar);
    expect(audio).toEqual(format === "int16" ? [left, right] : [left.map(toFloat), right.map(toFloat)]);
  });

  it("keep float samples unchanged", async () => {
    const samples = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i / 10) * 1.5);
    const { windows } = await takeWindows(source.pcm(samples, rate), { sampleRate: rate, windowMs: 1000 });
    expect(windows[0]?.samples).toEqual(samples);
  });

  it("do not change after their handler", async () => {
    const { windows } = await takeWindows(source.pcm(noise(16_000), rate), {
      ...{ sampleRate: rate, windowMs: 100, overlapMs: 50, format: "int16" },
    });
    for (const { samples, startSample } of windows)
      expect(samples).toEqual(noise(16_000).subarray(startSample, startSample + samples.length));
  });
});

describe("the samples of windows", () => {
  it.each<MediaName>(["flac.flac", "flac.mkv", "pcm.wav", "long12.mov"])("are those of ffmpeg for %s", async (name) => {
    const path = await media(name);
    const options: Options = { sampleRate: 48_000, channels: 2, windowMs: 333, overlapMs: 33, format: "int16" };
    const { windows, warnings } = await takeWindows(path, options);
    const expected = await ffmpegBytes("-i", path, "-map", "0:a:0", "-f", "s16le");
    const { first, audio } = join(windows, 2);
    expect(first).toBe(0);
    for (const [channel, samples] of audio.entries()) {
      const reference = Float32Array.from({ length: expected.length / 4 }, (_, i) =>
        expected.readInt16LE(i * 4 + channel * 2),
      );
      expect(Buffer.compare(toBytes(samples), toBytes(reference))).toBe(0);
    }
    expect(warnings).toEqual([]);
  });

  // For any rates no sample is missing and none occurs twice.
  const rates = [8000, 11_025, 16_000, 22_050, 44_100, 48_000];
  it.each([44_100, 48_000, 32_000])(
    "are FFmpeg's when they are resampled from %i Hz and mixed to one channel",
    async (from) => {
      const samples = noise(from * 2);
      for (const to of rates) {
        const { windows, warnings } = await takeWindows(source.pcm(samples, from, 2), { sampleRate: to, windowMs: 70 });
        const { audio } = join(windows, 1);
        // The same with FFmpeg's resampler, frame by frame.
        const pieces: Buffer[] = [];
        const format: Filter = {
          name: "aformat",
          parameters: { sample_rates: to, channel_layouts: "mono", sample_fmts: "flt" },
        };
        const worker = defineMediaWorker({
          parameters: Type.Object({}),
          initProcess: (f) => ({
            streams: [
              audioStream(f.first("audio"), { filters: [format] }, ([frame]) => {
                if (frame) pieces.push(toBytes(frame.samples()));
              }),
            ],
          }),
        });
        await startMediaJob(worker, { source: source.pcm(samples, from, 2) }).result;
        expect(Buffer.compare(toBytes(audio[0] ?? new Float32Array()), Buffer.concat(pieces))).toBe(0);
        expect(Math.abs((audio[0]?.length ?? 0) - to)).toBeLessThanOrEqual(1);
        expect(warnings).toEqual([]);
      }
    },
  );
});

describe("a gap in the source", () => {
  // 45 frames of 1024 samples are cut out; the rest keeps its timestamps.
  const make = (name: string, codec: string) =>
    makeMedia(name, `-f lavfi -i aevalsrc=0.5|0.5:s=48000:d=2.4 -af aselect='not(between(n,36,80))' ${codec}`);
  const fromMs = 768;
  const toMs = 1728;

  it.each<[name: string, codec: string, tickMs: number]>([
    ["gap.nut", "-c:a pcm_s16le", 0.001],
    ["gap.mkv", "-c:a pcm_s16le", 0.5],
    ["gap-flac.mkv", "-c:a flac -frame_size 1024 -sample_fmt s16", 0.5],
    ["gap.ts", "-c:a s302m -strict -2", 0.012],
  ])("is filled with silence exactly and logged for %s", async (name, codec, tickMs) => {
    const path = await make(name, codec);
    for (const sampleRate of [48_000, 16_000, 44_100]) {
      const { windows, warnings } = await takeWindows(path, { sampleRate, windowMs: 100, overlapMs: 20 });
      const { first, audio } = join(windows, 1);
      const [samples = new Float32Array()] = audio;
      expect(first).toBe(0);
      expect(windows.slice(0, -1).every(({ sampleCount }) => sampleCount === sampleRate / 10)).toBe(true);
      const isSilent = (sample: number) => Math.abs(sample) < 0.25;
      const begin = samples.findIndex(isSilent);
      const end = samples.findLastIndex(isSilent) + 1;
      expect(Math.abs(begin - (fromMs * sampleRate) / 1000)).toBeLessThanOrEqual(1);
      expect(Math.abs(end - (toMs * sampleRate) / 1000)).toBeLessThanOrEqual(1 + (tickMs * sampleRate) / 1000);
      expect(samples.subarray(begin, end).every((sample) => sample === 0)).toBe(true);
      expect(Math.abs(samples.length - 2.4 * sampleRate)).toBeLessThanOrEqual(2 + (tickMs * sampleRate) / 1000);
      expect(warnings).toEqual([
        expect.stringMatching(/^stream 0: 9[56]\d\.\d{3} ms are missing at 76[78]\.\d{3} ms and were filled/),
      ]);
    }
  });

  it("is filled if a part of the source is read", async () => {
    const path = await make("gap-part.nut", "-c:a pcm_s16le");
    const options: Options = { sampleRate: rate, windowMs: 100 };
    const part = { sdk_start_index: 700, sdk_stop_index: 1800 };
    const { windows, warnings } = await takeWindows(path, options, part);
    const { first, audio } = join(windows, 1);
    expect([first, audio[0]?.length]).toEqual([700 * 16, 1100 * 16]);
    expect(audio[0]?.findIndex((sample) => Math.abs(sample) < 0.25)).toBe((fromMs - 700) * 16);
    expect(audio[0]?.findLastIndex((sample) => Math.abs(sample) < 0.25)).toBe((toMs - 700) * 16 - 1);
    expect(warnings).toHaveLength(1);
  });

  it("of several hours takes little memory", async () => {
    const path = await makeMedia(
      "hours.nut",
      "-f lavfi -i aevalsrc=0.5:s=8000:d=2 -af asetpts='PTS+gte(T,1)*5*3600/TB' -c:a pcm_s16le",
    );
    const before = process.memoryUsage.rss();
    let sampleCount = 0;
    let maxBytes = 0;
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({
        streams: [
          pcmStream(format.first("audio"), { sampleRate: 8000, windowMs: 10_000 }, (window) => {
            sampleCount += window.sampleCount;
            maxBytes = Math.max(maxBytes, process.memoryUsage.rss() - before);
          }),
        ],
      }),
    });
    expect((await startMediaJob(worker, { source: path }).result).status).toBe("completed");
    expect(sampleCount).toBe((5 * 3600 + 2) * 8000);
    // The whole audio would take 576 MB.
    expect(maxBytes).toBeLessThan(350e6);
  });
});

describe("implausible timestamps", () => {
  const make = (name: string, pts: string) =>
    makeMedia(name, `-f lavfi -i aevalsrc=0.5:s=16000:d=4 -af asetpts='${pts}' -c:a pcm_s16le`);
  const take = async (path: string) => {
    const { windows, warnings } = await takeWindows(path, { sampleRate: rate, windowMs: 100 });
    return { samples: join(windows, 1).audio[0] ?? new Float32Array(), warnings };
  };

  it("that jump ahead by more than a day lose and add no samples", async () => {
    const { samples, warnings } = await take(await make("ahead.nut", "PTS+gte(T,2)*40*3600/TB"));
    expect(samples).toHaveLength(64_000);
    expect(warnings).toEqual([
      expect.stringMatching(/jump ahead by 144000000\.\d{3} ms at \d+\.\d{3} ms; the audio continues/),
    ]);
  });

  it("that start again lose no samples", async () => {
    const once = readFileSync(await makeMedia("once.ts", "-f lavfi -i aevalsrc=0.5:s=48000:d=12 -c:a mp2"));
    const path = joinPath(folder, "twice.ts");
    writeFileSync(path, Buffer.concat([once, once]));
    const { samples, warnings } = await take(path);
    const alone = await take(joinPath(folder, "once.ts"));
    expect(Math.abs(samples.length - 2 * alone.samples.length)).toBeLessThan(16 * 24);
    expect(warnings).toEqual([expect.stringMatching(/the timestamps jump back by 12\d{3}\.\d{3} ms/)]);
  });

  it("after the end of the source add no silence, and later ones drop no samples", () => {
    const timeline = new PcmTimeline(rate, 60_000);
    expect(timeline.place(3600 * rate, 2 * rate)).toMatchObject({ silence: 0, drop: 0 });
    expect(timeline.place(3600 * rate + 1024, 2 * rate + 1024)).toEqual({ silence: 0, drop: 0 });
    expect(timeline.place(2 * rate + 2048, 2 * rate + 2048)).toMatchObject({ silence: 0, drop: 0 });
    expect(timeline.place(2 * rate + 3072, 2 * rate + 3072)).toEqual({ silence: 0, drop: 0 });
  });

  it("that jitter lose and add no samples", async () => {
    const { samples, warnings } = await take(await make("jitter.nut", "PTS+mod(N\\,3)*0.003/TB"));
    expect(samples).toHaveLength(64_000);
    expect(samples.every((sample) => Math.abs(sample - 0.5) < 0.001)).toBe(true);
    expect(warnings).toEqual([]);
  });
});

it.each<[Partial<Options>, RegExp]>([
  [{ windowMs: 0 }, /window longer than its overlap/],
  [{ windowMs: -1 }, /window longer than its overlap/],
  [{ windowMs: Number.NaN }, /window longer than its overlap/],
  [{ windowMs: Number.POSITIVE_INFINITY }, /window longer than its overlap/],
  [{ overlapMs: -1 }, /window longer than its overlap/],
  [{ sampleRate: 0 }, /expected a sample rate/],
  [{ channels: 0 }, /FFmpeg rejected the filters/],
  [{ filters: [{ name: "no_such" }] }, /No such filter/],
])("rejects windows with %o", async (options, message) => {
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => ({
      streams: [
        pcmStream(
          format.first("audio"),
          { sampleRate: rate, windowMs: 100, ...options } as PcmStreamOptions & { format: "int16" },
          () => undefined,
        ),
      ],
    }),
  });
  const outcome = await startMediaJob(worker, { source: source.pcm(noise(1600), rate) }).result;
  expect(outcome).toMatchObject({ status: "error", message: expect.stringMatching(message) });
});
