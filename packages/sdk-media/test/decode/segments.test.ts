import { describe, expect, it } from "vitest";
import { type CommonParameters, type MediaName, type MediaRun, media, runMedia } from "../support/media.ts";

const videos: MediaName[] = [
  "long12.mp4",
  "long250.mp4",
  "long12.ts",
  "long250.ts",
  "late.ts",
  "late.mp4",
  "long12.mkv",
  "long250.mkv",
  "long12.mov",
  "long-mpeg2.ts",
];
const audios: MediaName[] = [
  "long12.mp4",
  "long12.ts",
  "late.ts",
  "late.mp4",
  "long12.mkv",
  "long250.mkv",
  "long12.mov",
  "long.wav",
  "long.mp3",
  "long-mpeg2.ts",
];

const segments: [startMs: number | undefined, stopMs: number | undefined][] = [
  [0, 1000],
  [1, 41],
  [40, 80],
  [333, 777],
  [500, undefined],
  [1000, 1001],
  [1500, 2500],
  [2777, 3333],
  [4000, 4000],
  [4001, 99_999],
  [5990, undefined],
  [undefined, 1234],
  [undefined, 60_000],
];

const toParameters = (startMs: number | undefined, stopMs: number | undefined): CommonParameters => ({
  ...(startMs !== undefined && { sdk_start_index: startMs }),
  ...(stopMs !== undefined && { sdk_stop_index: stopMs }),
});

const full = new Map<string, Promise<MediaRun>>();
function fullRun(name: MediaName, kind: "video" | "audio"): Promise<MediaRun> {
  const key = `${name} ${kind}`;
  const run = full.get(key) ?? media(name).then((path) => runMedia(path, toStream(kind)));
  full.set(key, run);
  return run;
}
const toStream = (kind: "video" | "audio") => (kind === "video" ? { video: {} } : { audio: {} });

// The MP2 decoder carries rounding errors from frame to frame, so a seek may change the last bit.
function worstDifference(got: Buffer, expected: Buffer): number {
  expect(got).toHaveLength(expected.length);
  let worst = 0;
  for (let at = 0; at < got.length; at += 2)
    worst = Math.max(worst, Math.abs(got.readInt16LE(at) - expected.readInt16LE(at)));
  return worst;
}

// Containers round times to a microsecond, and the times here are computed in floating point.
const toleranceMs = 0.0015;

describe.each(videos)("the video of %s", (name) => {
  it.each(segments)("from %s ms to %s ms has the frames of the whole", async (startMs, stopMs) => {
    const whole = await fullRun(name, "video");
    const part = await runMedia(await media(name), { video: {} }, toParameters(startMs, stopMs));
    const inside = [...whole.timesMs.keys()].filter((i) => {
      const timeMs = (whole.timesMs[i] as number) + toleranceMs;
      return timeMs >= (startMs ?? 0) && timeMs < (stopMs ?? Number.POSITIVE_INFINITY);
    });
    expect(part.timesMs).toEqual(inside.map((i) => whole.timesMs[i]));
    expect(part.frames).toEqual(inside.map((i) => whole.frames[i]));
  });
});

describe.each(audios)("the audio of %s", (name) => {
  it.each(segments)("from %s ms to %s ms has the samples of the whole", async (startMs, stopMs) => {
    const whole = await fullRun(name, "audio");
    const part = await runMedia(await media(name), { audio: {} }, toParameters(startMs, stopMs));
    const firstMs = whole.timesMs[0] as number;
    const sampleBytes = whole.bytes.length / whole.sampleCount;
    // The first sample at or after a time.
    const sampleAt = (timeMs: number) =>
      Math.min(whole.sampleCount, Math.max(0, Math.ceil((timeMs - toleranceMs - firstMs) * 48)));
    const from = sampleAt(startMs ?? 0);
    const to = Math.max(from, sampleAt(stopMs ?? Number.POSITIVE_INFINITY));
    expect(part.sampleCount).toBe(to - from);
    if (to > from) expect(part.timesMs[0]).toBeCloseTo(firstMs + from / 48, 3);
    const expected = whole.bytes.subarray(from * sampleBytes, to * sampleBytes);
    if (name === "long-mpeg2.ts") expect(worstDifference(part.bytes, expected)).toBeLessThanOrEqual(1);
    else expect(part.bytes.equals(expected)).toBe(true);
  });
});

it("gives the first AAC samples of an MP4 from 1 ms", async () => {
  const part = await runMedia(await media("long12.mp4"), { audio: {} }, { sdk_start_index: 1, sdk_stop_index: 41 });
  expect(part.sampleCount).toBe(1920);
  expect(part.timesMs[0]).toBeCloseTo(1, 3);
});
