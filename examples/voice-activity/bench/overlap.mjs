// Measures two minutes of audio with the model in its own thread and in the thread that decodes, in interleaved rounds.
// The example must be built, and ffmpeg installed: node bench/overlap.mjs [rounds]
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { startMediaJob } from "@mcai/worker-sdk-media/testing";
import { InferenceThread } from "../dist/inference-thread.js";
import { SileroVad } from "../dist/silero-vad.js";
import worker from "../dist/worker.js";

/**
 * @import { SpeechModel } from "../src/speech-model.ts"
 * @typedef {{ wallMs: number, cpuMs: number }} Run
 */

const rounds = Number(process.argv[2] ?? 9);
const clip = join(import.meta.dirname, "..", "media", "speech.flac");
const folder = mkdtempSync(join(tmpdir(), "mcai-overlap-"));
const source = join(folder, "audio.m4a");
const encoding = ["-t", "120", "-ac", "2", "-ar", "48000", "-c:a", "aac", "-b:a", "128k"];
execFileSync("ffmpeg", ["-v", "error", "-stream_loop", "-1", "-i", clip, ...encoding, source]);

const models = { own: await InferenceThread.start(), same: await SileroVad.load() };
/** @type {SpeechModel} */
const silent = { open: async () => ({ infer: async () => new Float32Array(64), close() {} }), close: async () => {} };
const ways = [
  { name: "thread of its own", model: models.own, runs: toRuns() },
  { name: "same thread", model: models.same, runs: toRuns() },
  { name: "decoding alone", model: silent, runs: toRuns() },
];
const [loadBefore = 0] = loadavg();

for (let round = -1; round < rounds; round++) {
  const order = [...ways];
  if (round % 2 === 0) order.reverse();
  const found = new Set();
  for (const { model, runs } of order) {
    // The models outlive their jobs.
    const context = { open: () => model.open(), close: async () => {} };
    const cpuBefore = process.cpuUsage();
    const before = performance.now();
    const outcome = await startMediaJob(worker, { source, context, environment: { MCAI_THREADS: "2" } }).result;
    const wallMs = performance.now() - before;
    const { user, system } = process.cpuUsage(cpuBefore);
    if (outcome.status !== "completed") throw new Error(outcome.message);
    if (model !== silent) found.add(JSON.stringify(outcome.output()));
    // The first round warms up.
    if (round >= 0) runs.push({ wallMs, cpuMs: (user + system) / 1000 });
  }
  if (found.size !== 1) throw new Error("the same audio gave different segments");
}
await models.own.close();
await models.same.close();
rmSync(folder, { recursive: true });

/** @returns {Run[]} */
function toRuns() {
  return [];
}

/** @type {(values: number[], q: number) => number} */
const quantile = (values, q) => values.sort((a, b) => a - b)[Math.round(q * (values.length - 1))] ?? Number.NaN;
/** @type {(values: readonly number[], digits: number) => string} */
const spread = (values, digits) => [0.25, 0.5, 0.75].map((q) => quantile([...values], q).toFixed(digits)).join(" / ");
console.log(
  `${rounds} rounds; load ${loadBefore.toFixed(1)} before, ${loadavg()[0]?.toFixed(1)} after; quartiles and median`,
);
for (const { name, runs } of ways) {
  const [wall, cpu] = /** @type {const} */ (["wallMs", "cpuMs"]).map((of) =>
    spread(
      runs.map((run) => run[of]),
      0,
    ),
  );
  console.log(`${name.padEnd(17)}  wall ${wall} ms, CPU ${cpu} ms`);
}
const [own, same] = ways;
const ratios = own?.runs.map(({ wallMs }, i) => wallMs / (same?.runs[i]?.wallMs ?? Number.NaN)) ?? [];
console.log(`wall, thread of its own ÷ same thread, round by round: ${spread(ratios, 3)}`);
