// Very many jobs that do nothing, through one worker: what grows with the number of jobs shows.
import { readdir, readFile } from "node:fs/promises";

/**
 * @import { WorkerProcess } from "../worker-process.mjs"
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 11;
export const title = "soak: 100,000 jobs through one worker";
export const longOnly = true;

const jobs = 100_000;
const portion = 1000;
// After these jobs, what is allocated once has been allocated.
const warmUp = 10_000;
const maxGrowthMib = 20;
// By then the heap has its size: 100 bytes retained for each job would show.
const maxLaterGrowthMib = 5;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const scene = await stage.scene();
  const { backend, trace, queue } = scene;
  backend.keeps = () => false;
  try {
    const worker = await scene.start();
    /** @type {number[]} */
    const samples = [];
    const startMs = performance.now();
    let before;
    for (let sent = 0; sent < jobs; sent += portion) {
      // One portion waits while the one before is processed.
      await answered(backend, sent - portion);
      if (sent === warmUp) {
        await answered(backend, sent);
        before = await handles(worker);
      }
      const portionIds = Array.from({ length: portion }, () => scene.nextId());
      await Promise.all(portionIds.map((id) => backend.sendJob(queue, id, { action: "nothing" })));
      samples.push(await residentMib(worker));
    }
    await answered(backend, jobs);
    const seconds = (performance.now() - startMs) / 1000;
    // A median of 10,000 jobs, because memory goes up and down between two collections of garbage.
    /** @param {number} count */
    const after = (count) => median(samples.slice(count / portion, (count + warmUp) / portion));
    const [early, middle, late] = [after(warmUp), after(jobs / 2), after(jobs - warmUp)];
    findings.counted("jobs a second", Math.round(jobs / seconds));
    findings.counted("memory after 10,000 jobs, after half of them, at the end", `${early}, ${middle}, ${late} MiB`);
    findings.atMost("… growth after the warm-up", maxGrowthMib, late - early, "MiB");
    findings.atMost("… growth in the second half", maxLaterGrowthMib, late - middle, "MiB");
    findings.counted("… maximum", `${Math.max(...samples)} MiB`);
    findings.equal("handles and threads, the same after the warm-up and at the end", before, await handles(worker));
    const outcomes = [...backend.finals.values()];
    findings.equal(
      "jobs with exactly one final response",
      jobs,
      outcomes.filter((finals) => finals.length === 1).length,
    );
    findings.equal(
      "… that is job_completed",
      jobs,
      outcomes.filter(([final]) => final?.kind === "job_completed").length,
    );
    findings.equal("runs", jobs, trace.runs().length);
    findings.equal("orders left in the queue", 0, (await backend.count(queue)).messages);
  } finally {
    await scene.close();
  }
}

/**
 * @param {import("../backend.mjs").Backend} backend
 * @param {number} count
 */
const answered = (backend, count) =>
  backend.until(() => backend.finals.size >= count, `final responses of ${count} jobs`, 120_000);

/** @param {WorkerProcess} worker */
async function residentMib({ pid }) {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 102.4) / 10;
}

/** @param {WorkerProcess} worker */
async function handles({ pid }) {
  const [files, threads] = await Promise.all([readdir(`/proc/${pid}/fd`), readdir(`/proc/${pid}/task`)]);
  return { files: files.length, threads: threads.length };
}

/** @param {readonly number[]} values */
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
