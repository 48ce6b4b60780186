// SIGTERM and stop orders at every stage of worker and job.
import { setTimeout as delay } from "node:timers/promises";

/**
 * @typedef {Record<string, string | number>} Values parameters of a job
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 8;
export const title = "SIGTERM and stop orders at every stage";

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  await signalWhileStarting(stage, findings);
  await signalWhileRunning(stage, findings);
  await stopOrders(stage, findings);
  await stopsRacingCompletion(stage, findings);
  await signalsRacingCompletion(stage, findings);
}

/**
 * From the first moments of the process on: none may hang, or lose the job that waits.
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function signalWhileStarting(stage, findings) {
  const scene = await stage.scene();
  try {
    const first = await scene.start();
    first.signal("SIGTERM");
    await first.ended;
    const jobId = await scene.send({ durationMs: 1 });
    const codes = [];
    for (const pattern of [/Queue /, /Worker: /, /Connected to the broker/]) {
      const worker = scene.spawn();
      await worker.logged(pattern);
      worker.signal("SIGTERM");
      codes.push(await worker.ended);
    }
    findings.equal("SIGTERM at three moments of the start: exit codes", [0, 0, 0], codes);
    await scene.start();
    findings.equal("… and the job that waits", "job_completed", (await scene.backend.final(jobId)).kind);
    findings.equal("… with runs", 1, scene.trace.runsOf(jobId).length);
  } finally {
    await scene.close();
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function signalWhileRunning(stage, findings) {
  /** @type {readonly { values: Values, drainMs: number, outcome: string, how: string }[]} */
  const cases = [
    { values: { durationMs: 1000 }, drainMs: 20_000, outcome: "completed", how: "that ends within the drain timeout" },
    { values: { durationMs: 60_000 }, drainMs: 300, outcome: "requeued", how: "that observes its signal" },
    { values: { action: "poll" }, drainMs: 300, outcome: "completed", how: "that polls and returns" },
    { values: { action: "checkpoints" }, drainMs: 300, outcome: "requeued", how: "with checkpoints" },
    { values: { action: "block", durationMs: 60_000 }, drainMs: 300, outcome: "requeued", how: "that is unresponsive" },
  ];
  for (const order of ["SIGTERM", "stop_worker"])
    for (const { values, drainMs, outcome, how } of cases) {
      const scene = await stage.scene();
      try {
        const env = { MCAI_DRAIN_TIMEOUT_MS: String(drainMs), MCAI_STOP_GRACE_MS: "300" };
        const worker = await scene.start({ env });
        const jobId = await scene.send(values);
        await scene.backend.next("job_progression", jobId);
        if (order === "SIGTERM") worker.signal("SIGTERM");
        else await scene.backend.sendDirect(scene.queue, { type: "stop_worker" });
        const code = await worker.ended;
        const { messages } = await scene.backend.count(scene.queue);
        const final = scene.backend.finalsOf(jobId)[0]?.kind;
        const got =
          final === "job_completed" ? "completed" : final === undefined && messages === 1 ? "requeued" : final;
        findings.equal(`${order} during a job ${how}`, [0, outcome], [code, got]);
      } finally {
        await scene.close();
      }
    }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function stopOrders(stage, findings) {
  const scene = await stage.scene();
  const { backend, queue } = scene;
  try {
    await scene.start({ env: { MCAI_STOP_GRACE_MS: "300" } });
    /** @param {number} jobId */
    const stop = (jobId) => backend.sendDirect(queue, { type: "stop_process", job_id: jobId, parameters: [] });
    /** @type {readonly Values[]} */
    const jobs = [
      { durationMs: 60_000 },
      { action: "poll" },
      { action: "checkpoints" },
      { action: "block", durationMs: 60_000 },
    ];
    for (const values of jobs) {
      const jobId = await scene.send(values);
      await backend.next("job_progression", jobId);
      await stop(jobId);
      await backend.final(jobId);
      findings.equal(`stop order to ${values.action ?? "an awaiting job"}`, ["job_stopped"], backend.statuses(jobId));
    }
    // No worker has these jobs: they must not be answered, and no delivery of another job may be settled.
    const before = backend.finals.size;
    await stop(99_999);
    const jobId = await scene.send({ durationMs: 1 });
    await backend.final(jobId);
    await stop(jobId);
    const next = await scene.send({ durationMs: 1 });
    await backend.final(next);
    findings.equal("stop orders for unknown and ended jobs: jobs answered", 2, backend.finals.size - before);
  } finally {
    await scene.close();
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function stopsRacingCompletion(stage, findings) {
  const scene = await stage.scene();
  const { backend, queue } = scene;
  try {
    await scene.start();
    /** @type {Record<string, number>} */
    const outcomes = {};
    const contradicted = [];
    for (let i = 0; i < (stage.isShort ? 60 : 500); i++) {
      const jobId = await scene.send({ durationMs: 10 });
      await delay(stage.random() * 25);
      await backend.sendDirect(queue, { type: "stop_process", job_id: jobId, parameters: [] });
      const { kind } = await backend.final(jobId);
      outcomes[kind] = (outcomes[kind] ?? 0) + 1;
    }
    for (const [jobId, finals] of backend.finals) if (finals.length !== 1) contradicted.push(jobId);
    findings.counted("stop orders racing the end of a job", outcomes);
    findings.equal("… jobs with more than one final response", [], contradicted);
    findings.equal("… jobs that failed", 0, outcomes.job_error ?? 0);
    findings.equal("… runs per process and attempt, at most", 1, scene.trace.maxRunsPerProcessAndAttempt());
  } finally {
    await scene.close();
  }
}

/**
 * The worker is told to go just when its job ends; the next worker has what is left.
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function signalsRacingCompletion(stage, findings) {
  const scene = await stage.scene();
  const { backend, queue } = scene;
  try {
    const jobs = stage.isShort ? 20 : 100;
    const codes = new Set();
    const first = await scene.start();
    const ids = [];
    for (let i = 0; i < jobs; i++) ids.push(await scene.send({ durationMs: 5 }));
    let worker = first;
    while (backend.finals.size < jobs) {
      const size = backend.finals.size;
      await backend.until(() => backend.finals.size > size + 2 || backend.finals.size >= jobs, "jobs");
      worker.signal("SIGTERM");
      codes.add(await worker.ended);
      if (backend.finals.size < jobs) worker = await scene.start({ env: { MCAI_DRAIN_TIMEOUT_MS: "0" } });
    }
    findings.equal("SIGTERM racing the end of jobs: exit codes", [0], [...codes]);
    const runs = scene.trace.runs();
    findings.equal(
      "… jobs without exactly one final response",
      0,
      ids.filter((jobId) => backend.finalsOf(jobId).length !== 1).length,
    );
    findings.counted("… jobs requeued after they started", runs.length - jobs);
    findings.equal("… orders left in the queue", 0, (await backend.count(queue)).messages);
  } finally {
    await scene.close();
  }
}
