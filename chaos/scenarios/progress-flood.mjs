// A job whose progress goes back and forth, many thousand times a second.
import { setTimeout as delay } from "node:timers/promises";
import { percentile, residentMib } from "../figures.mjs";

/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 * @import { WorkerProcess } from "../worker-process.mjs"
 */

export const number = 13;
export const title = "progress that goes back and forth";

const statusIntervalMs = 25;
const maxStatusMs = 1000;
/** How often progress that does not rise may be sent: the default. */
const progressIntervalMs = 500;
const maxGrowthMib = 40;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  await flood(stage, findings, 100_000, 3000);
  if (!stage.isShort) await flood(stage, findings, 500_000, 10_000);
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 * @param {number} count
 * @param {number} durationMs
 */
async function flood(stage, findings, count, durationMs) {
  const scene = await stage.scene();
  try {
    const { backend } = scene;
    const worker = await scene.start();
    const beforeMib = await residentMib(worker);
    const startMs = performance.now();
    const jobId = await scene.send({ action: "back_and_forth", count, durationMs });
    await backend.next("job_progression", jobId);
    const { latenciesMs, maxMib } = await askUntilEnd(scene, worker, jobId);
    const seconds = (performance.now() - startMs) / 1000;
    const final = await backend.final(jobId);
    const what = `${count.toLocaleString("en")} changes`;
    findings.equal(`${what}: final response`, "job_completed", final.kind);
    findings.equal("… runs", 1, scene.trace.runsOf(jobId).length);
    findings.equal("… connection kept", true, !/was lost/.test(worker.log));
    findings.atMost("… status answered, 99th percentile", maxStatusMs, percentile(latenciesMs, 0.99), "ms");
    findings.counted(
      "… status answered, median and maximum",
      [0.5, 1].map((part) => percentile(latenciesMs, part)),
    );
    const sent = backend.responses.filter(({ kind, body }) => kind === "job_progression" && body.job_id === jobId);
    findings.atMost("… progressions sent", 2 + Math.ceil((seconds * 1000) / progressIntervalMs), sent.length, "");
    findings.atLeast("… progressions sent", 2 + Math.floor((durationMs / progressIntervalMs) * 0.5), sent.length, "");
    findings.atMost("… growth of the memory", maxGrowthMib, maxMib - beforeMib, "MiB");
  } finally {
    await scene.close();
  }
}

/**
 * Asks for the status again and again until the job has ended.
 * @param {Scene} scene
 * @param {WorkerProcess} worker
 * @param {number} jobId
 */
async function askUntilEnd({ backend, queue }, worker, jobId) {
  /** @type {number[]} */
  const latenciesMs = [];
  let maxMib = 0;
  while (backend.finalsOf(jobId).length === 0) {
    const from = backend.responses.length;
    const askedMs = performance.now();
    await backend.sendDirect(queue, { type: "status" });
    await backend.next("worker_status", undefined, { from });
    latenciesMs.push(performance.now() - askedMs);
    maxMib = Math.max(maxMib, await residentMib(worker));
    await delay(statusIntervalMs);
  }
  return { latenciesMs, maxMib };
}
