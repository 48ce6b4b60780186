// A thousand updates a second for a job that computes without yielding, and cannot take them.
import { setTimeout as delay } from "node:timers/promises";
import { percentile, residentMib } from "../figures.mjs";

/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 16;
export const title = "1,000 updates a second";

const perSecond = 1000;
const intervalMs = 10;
const maxStatusMs = 1000;
const maxStopMs = 1000;
/** As many of each second wait: fewer than are sent, so that the last are refused. */
const maxPendingPerSecond = 900;
const maxGrowthMib = 60;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const seconds = stage.isShort ? 5 : 10;
  const maxPending = seconds * maxPendingPerSecond;
  const scene = await stage.scene();
  const { backend, queue } = scene;
  try {
    const worker = await scene.start({ env: { MCAI_MAX_PENDING_UPDATES: String(maxPending) } });
    const beforeMib = await residentMib(worker);
    const jobId = await scene.send({ action: "poll" });
    await backend.next("job_progression", jobId);
    const updates = send(scene, jobId, seconds);
    const { latenciesMs, maxMib } = await ask(scene, updates, () => residentMib(worker));
    const sent = await updates;
    findings.atLeast("updates sent a second", 0.9 * perSecond, sent.count / sent.seconds, "");
    findings.atMost("… status answered, 99th percentile", maxStatusMs, percentile(latenciesMs, 0.99), "ms");
    findings.counted(
      "… status answered, median and maximum",
      [0.5, 1].map((part) => percentile(latenciesMs, part)),
    );
    const refused = () => backend.responses.filter(({ kind }) => kind === "worker_updated").length;
    // The job thread has one.
    const expected = sent.count - maxPending - 1;
    await backend.until(() => refused() >= expected, "the answers to the updates that are too many");
    findings.equal("… refused beyond the limit", expected, refused());
    findings.atMost("… growth of the memory", maxGrowthMib, maxMib - beforeMib, "MiB");
    const stoppedMs = performance.now();
    await backend.sendDirect(queue, { type: "stop_process", job_id: jobId, parameters: [] });
    const final = await backend.final(jobId);
    findings.atMost("… stop order answered", maxStopMs, performance.now() - stoppedMs, "ms");
    findings.equal("… as", "job_stopped", final.kind);
    // Every update was settled with the job: they are not delivered to the next worker of this queue.
    const next = await scene.send({ action: "nothing" });
    findings.equal("the next job", "job_completed", (await backend.final(next)).kind);
    findings.equal("connection kept", true, !/was lost/.test(worker.log));
  } finally {
    await scene.close();
  }
}

/**
 * Sends updates at the same distances.
 * @param {Scene} scene
 * @param {number} jobId
 * @param {number} seconds
 */
async function send({ backend, queue }, jobId, seconds) {
  const startMs = performance.now();
  let count = 0;
  /** @type {Promise<void>[]} */
  const sent = [];
  while (performance.now() - startMs < seconds * 1000) {
    const due = Math.floor(((performance.now() - startMs) / 1000) * perSecond);
    for (; count < due; count++) {
      const parameters = [{ id: "count", type: "integer", value: count }];
      sent.push(backend.sendDirect(queue, { type: "update_process", job_id: jobId, parameters }));
    }
    await delay(intervalMs);
  }
  await Promise.all(sent);
  return { count, seconds: (performance.now() - startMs) / 1000 };
}

/**
 * Asks for the status again and again until all updates are sent.
 * @param {Scene} scene
 * @param {Promise<unknown>} updates
 * @param {() => Promise<number>} readMib
 */
async function ask({ backend, queue }, updates, readMib) {
  /** @type {number[]} */
  const latenciesMs = [];
  let maxMib = 0;
  let isOver = false;
  const over = updates.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const from = backend.responses.length;
    const askedMs = performance.now();
    await backend.sendDirect(queue, { type: "status" });
    await backend.next("worker_status", undefined, { from });
    latenciesMs.push(performance.now() - askedMs);
    maxMib = Math.max(maxMib, await readMib());
  }
  await over;
  return { latenciesMs, maxMib };
}
