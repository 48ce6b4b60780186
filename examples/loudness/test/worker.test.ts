import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { source, startMediaJob } from "@mcai/worker-sdk-media/testing";
import { describe, expect, it, vi } from "vitest";
import type { Programme, Reading } from "../src/loudness-meter.ts";
import worker from "../src/worker.ts";

vi.setConfig({ testTimeout: 60_000 });

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const toAmplitude = (dbfs: number) => (10 ** (dbfs / 20)).toFixed(8);

/**
 * A sine of 1000 Hz in parts. Each part has its peak in dBFS, one for all channels or one for each, separated by commas, and
 * after an @ its duration in seconds.
 */
function sine(parts: string, layout = "stereo") {
  const texts = parts.split(" ");
  const graphs = texts.map((text, i) => {
    const [levels = "", seconds] = text.split("@");
    const channels = levels.includes(",") || layout === "mono" ? levels.split(",") : [levels, levels];
    const expressions = channels.map((level) => `${toAmplitude(Number(level))}*sin(2*PI*1000*t)`).join("|");
    return `aevalsrc=${expressions}:s=48000:d=${seconds}:c=${layout}[part${i}]`;
  });
  const inputs = texts.map((_, i) => `[part${i}]`).join("");
  return source.lavfi(`${graphs.join(";")};${inputs}concat=n=${texts.length}:v=0:a=1`);
}

async function measure(from: string | ReturnType<typeof sine>, parameters: { dual_mono?: boolean } = {}) {
  const outcome = await startMediaJob(worker, { source: from, parameters }).result;
  expect(outcome).toMatchObject({ status: "completed", message: "" });
  const { frames } = outcome.output() as { frames: (Reading & { programme?: Programme })[] };
  const programme = frames.pop()?.programme;
  if (!programme) throw new Error("the last entry is not that of the programme");
  return { results: outcome.parameters, programme, readings: frames as readonly Reading[] };
}

const within = (value: number | null | undefined, expected: number, below: number, above = below) => {
  expect(value).toBeGreaterThanOrEqual(expected - below);
  expect(value).toBeLessThanOrEqual(expected + above);
};

// The signals of EBU Tech 3341, table 1, with its tolerances.
describe("integrated loudness", () => {
  it("equals the level of a steady tone, from the first full window to the end (signals 1 and 2)", async () => {
    for (const level of [-23, -33]) {
      const { programme, readings, results } = await measure(sine(`${level}@20`));
      for (const lufs of [programme.integratedLufs, programme.maximumMomentaryLufs, programme.maximumShortTermLufs])
        within(lufs, level, 0.1);
      expect(results.integrated_lufs).toBe(programme.integratedLufs);
      expect(programme.loudnessRangeLu).toBe(0);
      expect(readings.map(({ timeMs }) => timeMs)).toEqual(Array.from({ length: 200 }, (_, i) => 100 * (i + 1)));
      for (const { timeMs, momentaryLufs, shortTermLufs } of readings) {
        if (timeMs < 400) expect(momentaryLufs).toBeNull();
        else within(momentaryLufs, level, 0.1);
        if (timeMs < 3000) expect(shortTermLufs).toBeNull();
        else within(shortTermLufs, level, 0.1);
      }
    }
  });

  it.each([
    ["ignores parts that are 10 LU softer (signal 3)", "-36@10 -23@60 -36@10"],
    ["ignores parts below −70 LUFS (signal 4)", "-72@10 -36@10 -23@60 -36@10 -72@10"],
    ["gives louder parts more weight (signal 5)", "-26@20 -20@20.1 -26@20"],
  ])("%s", async (_, parts) => {
    within((await measure(sine(parts))).programme.integratedLufs, -23, 0.1);
  });

  it("weights the channels of 5.0 audio (signal 6)", async () => {
    within((await measure(sine("-28,-28,-24,-30,-30@20", "5.0"))).programme.integratedLufs, -23, 0.1);
  });

  it("is 3 LU louder for a single channel that is heard on two loudspeakers", async () => {
    const mono = () => sine("-23@5", "mono");
    within((await measure(mono())).results.integrated_lufs as number, -26, 0.1);
    within((await measure(mono(), { dual_mono: true })).results.integrated_lufs as number, -23, 0.1);
  });
});

// EBU Tech 3342, table 1: within 1 LU.
it.each([
  [10, "-20@20 -30@20"],
  [5, "-20@20 -15@20"],
  [20, "-40@20 -20@20"],
  [15, "-50@20 -35@20 -20@20 -35@20 -50@20"],
])("measures a loudness range of %d LU", async (range, parts) => {
  within((await measure(sine(parts))).programme.loudnessRangeLu, range, 1);
});

// EBU Tech 3341, table 1, signals 15 to 19: 0.2 dB above and 0.4 dB below. The tones are faded, because a cut tone has higher
// peaks at the cut.
it.each([
  ["15", 4, 0, 0.5, -6],
  ["16", 4, 45, 0.5, -6],
  ["17", 6, 60, 0.5, -6],
  ["18", 8, 67.5, 0.5, -6],
  ["19", 4, 45, 1.41, 3],
  ["of −66 dBTP, which a factor with three decimals cannot represent", 4, 45, 0.0005, -66],
])("measures the true peak between the samples, signal %s", async (_, part, degrees, amplitude, dbtp) => {
  const tone = `${amplitude}*sin(2*PI*(48000/${part}*t+${degrees}/360))`;
  const faded = `aevalsrc=${tone}|${tone}:s=48000:d=5,afade=d=0.5,afade=t=out:st=4.5:d=0.5`;
  const { programme, results } = await measure(source.lavfi(faded));
  within(programme.truePeakDbtp, dbtp, 0.4, 0.2);
  expect(results.true_peak_dbtp).toBe(programme.truePeakDbtp);
});

it("adds no peak at the end of the source", async () => {
  const tone = "aevalsrc=0.5*sin(2*PI*12000*t):s=48000:d=5";
  const cut = (await measure(source.lavfi(tone))).programme.truePeakDbtp;
  const faded = (await measure(source.lavfi(`${tone},afade=t=out:st=4.5:d=0.5`))).programme.truePeakDbtp;
  within(cut, faded ?? 0, 0.05);
});

it("measures a peak in a last part that is shorter than a window", async () => {
  const end = "aevalsrc=0.5*sin(2*PI*1000*t):s=48000:d=0.05[b]";
  const { programme } = await measure(source.lavfi(`anullsrc=r=48000:cl=mono:d=1[a];${end};[a][b]concat=v=0:a=1`));
  within(programme.truePeakDbtp, -6, 0.4, 0.2);
});

it("gives null for the loudness of silence and of less than 400 ms", async () => {
  const none = { integratedLufs: null, loudnessRangeLu: null, maximumMomentaryLufs: null, maximumShortTermLufs: null };
  const silence = await measure(source.lavfi("anullsrc=r=48000:cl=stereo:d=4"));
  expect(silence.programme).toEqual({ ...none, truePeakDbtp: null });
  expect(silence.results).toEqual({});
  expect(silence.readings).toHaveLength(40);
  const short = await measure(sine("-23@0.25"));
  expect(short.programme).toEqual({ ...none, truePeakDbtp: expect.any(Number) });
  expect(short.readings).toHaveLength(2);
});

it("gives the same times for any sample rate", async () => {
  for (const rate of [8000, 22_050, 96_000]) {
    const { readings } = await measure(source.lavfi(`sine=997:r=${rate}:d=1`));
    expect(readings.map(({ timeMs }) => timeMs)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  }
});

it("measures a part with the times of the source", async () => {
  const parts = sine("-40@5 -20@5");
  const parameters = { sdk_start_index: 5000, sdk_stop_index: 9000 };
  const outcome = await startMediaJob(worker, { source: parts, parameters }).result;
  within(outcome.parameters.integrated_lufs as number, -20, 0.1);
  const { frames } = outcome.output() as { frames: Reading[] };
  expect(frames.slice(0, -1).map(({ timeMs }) => timeMs)).toEqual(Array.from({ length: 40 }, (_, i) => 5100 + 100 * i));
});

it("keeps its readings when it is stopped during the job", async () => {
  const job = startMediaJob(worker, {
    source: source.lavfi("sine=997:r=48000:d=3600"),
    parameters: { sdk_stop_index: 3_600_000 }, // a graph has no duration, so without this there is no progress
    onResponse: (response) => {
      if (response.kind === "job_progression" && response.body.progression === 1) job.stop();
    },
  });
  const outcome = await job.result;
  expect(outcome).toMatchObject({ status: "stopped", message: "" });
  within(outcome.parameters.integrated_lufs as number, -21.1, 0.1);
  const { frames } = outcome.output() as { frames: object[] };
  expect(frames.at(-1)).toHaveProperty("programme");
  expect(frames.length).toBeGreaterThan(300); // a hundredth of the hour is 36 s
  expect(frames.length).toBeLessThan(36_000);
});

it("fails if the source has no audio stream", async () => {
  const outcome = await startMediaJob(worker, { source: source.lavfi("testsrc2=d=1") }).result;
  expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("no audio stream") });
});

it("writes what the README shows, as a separate process", async () => {
  const folder = await mkdtemp(join(tmpdir(), "mcai-loudness-"));
  try {
    const destination = join(folder, "loudness.json");
    const { stderr } = await promisify(execFile)(process.execPath, [pathOf("../dist/main.js")], {
      env: {
        ...process.env,
        SOURCE_ORDERS: pathOf("../message.json"),
        MCAI_LOG: "debug",
        SOURCE_PATH: pathOf("../../media-worker/media/clip.mp4"),
        DESTINATION_PATH: destination,
      },
    });
    const completed = JSON.parse(/\{"Completed":.*$/m.exec(stderr)?.[0] ?? "{}") as {
      Completed?: { job_id: number; parameters: { id: string; value: unknown }[] };
    };
    const output = JSON.parse(await readFile(destination, "utf8")) as { frames: object[] };
    const { programme } = output.frames.at(-1) as { programme: Programme };
    expect(completed.Completed).toMatchObject({
      job_id: 1236,
      status: "completed",
      destination_paths: [destination],
      parameters: expect.arrayContaining([
        expect.objectContaining({ id: "integrated_lufs", type: "float", value: programme.integratedLufs }),
      ]),
    });
    const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
    expect(readme).toContain(JSON.stringify({ programme }));
    for (const entry of [0, 3, 39]) expect(readme).toContain(JSON.stringify(output.frames[entry]));
  } finally {
    await rm(folder, { recursive: true });
  }
});
