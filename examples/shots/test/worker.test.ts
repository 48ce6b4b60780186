import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type MediaOutcome, source, startMediaJob } from "@mcai/worker-sdk-media/testing";
import { describe, expect, it, vi } from "vitest";
import type { Interval } from "../src/interval.ts";
import type { Found } from "../src/shot-detector.ts";
import worker from "../src/worker.ts";

vi.setConfig({ testTimeout: 60_000 });

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const clip = pathOf("../media/cuts.mp4");

/** Frames of FFmpeg's sources: the given number of each, one after another. */
function framesOf(...parts: (readonly [graph: string, frames: number])[]) {
  const graphs = parts.map(
    ([graph, frames], i) => `${graph}${graph.includes("=") ? ":" : "="}s=320x180:r=25,trim=end_frame=${frames}[p${i}]`,
  );
  const inputs = parts.map((_, i) => `[p${i}]`).join("");
  return source.lavfi(`${graphs.join(";")};${inputs}concat=n=${parts.length}:v=1:a=0,format=yuv420p`);
}

/** Reads the output; each interval as its start and end. */
function found(outcome: MediaOutcome) {
  expect(outcome).toMatchObject({ status: "completed", message: "" });
  const { frames } = outcome.output() as { frames: Found[] };
  const shots = frames.flatMap((entry) => ("shot" in entry ? [entry.shot] : []));
  const black = frames.flatMap((entry) => ("black" in entry ? [entry.black] : []));
  const times = (intervals: readonly Interval[]) => intervals.map(({ startMs, endMs }) => `${startMs}–${endMs}`);
  return { shots: times(shots), black: times(black), intervals: { shots, black } };
}

type Options = Parameters<typeof startMediaJob<typeof worker.parameters, undefined, undefined>>[1]["parameters"];

async function detect(from: string | ReturnType<typeof framesOf>, parameters: Options = {}) {
  const outcome = await startMediaJob(worker, { source: from, parameters }).result;
  return { ...found(outcome), results: outcome.parameters };
}

const black = "color=black";
const programme = () =>
  framesOf([black, 10], ["testsrc2", 50], ["smptehdbars", 30], [black, 5], ["mandelbrot", 50], [black, 10]);
const cuts = ["0–400", "400–2400", "2400–3600", "3600–3800", "3800–5800", "5800–6200"];
const blacks = ["0–400", "3600–3800", "5800–6200"];

describe("shots and black intervals", () => {
  it("are exactly those that the source was made with", async () => {
    const outcome = await detect(programme());
    expect(outcome).toMatchObject({ shots: cuts, black: blacks });
    expect(outcome.results).toEqual({ shots: 6, black_intervals: 3, black_ms: 1000 });
    expect(outcome.intervals.shots[0]).toEqual({ startMs: 0, endMs: 400 }); // a graph has no timecode
  });

  it("are the same with batches", async () => {
    expect(await detect(programme(), { batch_size: 64 })).toMatchObject({ shots: cuts, black: blacks });
  });

  it("are not found in sources with motion but without cuts and black", async () => {
    expect(await detect(framesOf(["mandelbrot", 100]))).toMatchObject({ shots: ["0–4000"], black: [] });
    expect(await detect(framesOf(["testsrc2", 100]))).toMatchObject({ shots: ["0–4000"], black: [] });
  });

  it("are found even if a single frame is black", async () => {
    const graph = "testsrc2=s=320x180:r=25:d=2,drawbox=c=black:t=fill:enable='eq(n\\,25)',format=yuv420p";
    const outcome = await detect(source.lavfi(graph));
    expect(outcome.black).toEqual(["1000–1040"]);
    expect(outcome.results).toMatchObject({ black_intervals: 1, black_ms: 40 });
  });

  it("cover a source that is black from beginning to end", async () => {
    const outcome = await detect(framesOf([black, 50]));
    expect(outcome).toMatchObject({ shots: ["0–2000"], black: ["0–2000"] });
    expect(outcome.results).toEqual({ shots: 1, black_intervals: 1, black_ms: 2000 });
  });
});

describe("options", () => {
  // A cut from one grey to another, about 20 of 256 apart: a score of about 8.
  const close = () => framesOf(["color=0x505050", 25], ["color=0x686868", 25]);

  it("cut_threshold sets the minimum difference for a cut", async () => {
    expect((await detect(close())).shots).toEqual(["0–2000"]);
    expect((await detect(close(), { cut_threshold: 5 })).shots).toEqual(["0–1000", "1000–2000"]);
    expect((await detect(programme(), { cut_threshold: 100 })).shots).toEqual(["0–6200"]);
  });

  it("minimum_shot_ms sets the minimum duration of a shot", async () => {
    const flash = () => framesOf(["testsrc2", 25], ["color=white", 2], ["testsrc2", 25]);
    expect((await detect(flash())).shots).toEqual(["0–1000", "1000–1080", "1080–2080"]);
    expect((await detect(flash(), { minimum_shot_ms: 100 })).shots).toEqual(["0–1000", "1000–2080"]);
  });

  it("minimum_black_ms sets the minimum duration of a black interval", async () => {
    const outcome = await detect(programme(), { minimum_black_ms: 300 });
    expect(outcome.black).toEqual(["0–400", "5800–6200"]);
    expect(outcome.results).toEqual({ shots: 6, black_intervals: 2, black_ms: 800 });
  });

  it("black_pixel_threshold and black_picture_ratio define black", async () => {
    const dark = () => framesOf(["testsrc2", 25], ["color=0x303030", 25]);
    expect((await detect(dark())).black).toEqual([]);
    expect((await detect(dark(), { black_pixel_threshold: 0.2 })).black).toEqual(["1000–2000"]);
    const half = () => source.lavfi("color=black:s=320x180:d=1,drawbox=w=160:c=white:t=fill,format=yuv420p");
    expect((await detect(half())).black).toEqual([]);
    expect((await detect(half(), { black_picture_ratio: 0.45 })).black).toEqual(["0–1000"]);
  });

  it("are rejected when they are out of range", async () => {
    const parameters = { cut_threshold: 101, minimum_black_ms: -1 };
    const outcome = await startMediaJob(worker, { source: programme(), parameters }).result;
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(/cut_threshold: .*\n?.*minimum_black_ms: /s);
  });
});

describe("a media file", () => {
  it("has the timecodes of the first and the last frame in addition to the times", async () => {
    const { intervals, shots } = await detect(clip);
    expect(shots).toEqual(cuts);
    expect(intervals.shots.map(({ startTimecode, lastTimecode }) => `${startTimecode}–${lastTimecode}`)).toEqual([
      "10:00:00:00–10:00:00:09",
      "10:00:00:10–10:00:02:09",
      "10:00:02:10–10:00:03:14",
      "10:00:03:15–10:00:03:19",
      "10:00:03:20–10:00:05:19",
      "10:00:05:20–10:00:06:04",
    ]);
    expect(intervals.black[1]).toEqual({
      startMs: 3600,
      endMs: 3800,
      startTimecode: "10:00:03:15",
      lastTimecode: "10:00:03:19",
    });
  });

  it("can be examined in part, with the times of the whole source", async () => {
    const outcome = await detect(clip, { sdk_start_index: 3000, sdk_stop_index: 6000 });
    expect(outcome.shots).toEqual(["3000–3600", "3600–3800", "3800–5800", "5800–6000"]);
    expect(outcome.black).toEqual(["3600–3800", "5800–6000"]);
  });

  it("keeps what was found when the job is stopped", async () => {
    // A cut every second, for an hour.
    const graph = "color=white:s=64x64:r=25,drawbox=c=black:t=fill:enable='mod(floor(t)\\,2)',format=yuv420p";
    const job = startMediaJob(worker, {
      source: source.lavfi(graph),
      parameters: { sdk_stop_index: 3_600_000 },
      onResponse: (response) => {
        if (response.kind === "job_progression" && response.body.progression === 1) job.stop();
      },
    });
    const outcome = await job.result;
    expect(outcome).toMatchObject({ status: "stopped", message: "" });
    const { frames } = outcome.output() as { frames: Found[] };
    const shots = frames.flatMap((entry) => ("shot" in entry ? [entry.shot] : []));
    expect(shots.length).toBeGreaterThanOrEqual(36);
    expect(outcome.parameters.shots).toBe(shots.length);
    expect(shots.slice(0, -1).every(({ startMs, endMs }, i) => startMs === 1000 * i && endMs === 1000 * (i + 1))).toBe(
      true,
    );
  });

  it("without a video stream fails the job", async () => {
    const outcome = await startMediaJob(worker, { source: source.lavfi("sine=d=1") }).result;
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("no video stream") });
  });
});

it("writes what the README shows, as a separate process", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mcai-shots-"));
  try {
    const destination = join(folder, "shots.json");
    const { stderr } = await promisify(execFile)(process.execPath, [pathOf("../dist/main.js")], {
      env: {
        ...process.env,
        SOURCE_ORDERS: pathOf("../message.json"),
        MCAI_LOG: "debug",
        SOURCE_PATH: clip,
        DESTINATION_PATH: destination,
      },
    });
    const { Completed } = JSON.parse(/\{"Completed":.*$/m.exec(stderr)?.[0] ?? "{}") as { Completed?: object };
    expect(Completed).toMatchObject({
      job_id: 1237,
      status: "completed",
      destination_paths: [destination],
      parameters: [
        { id: "shots", type: "integer", value: 6 },
        { id: "black_intervals", type: "integer", value: 3 },
        { id: "black_ms", type: "float", value: 1000 },
      ],
    });
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    expect(readme).toContain(await readFile(destination, "utf8"));
  } finally {
    await rm(folder, { recursive: true });
  }
});
