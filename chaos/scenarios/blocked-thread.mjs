// A job that holds its thread for longer than three heartbeats.
import { setTimeout as delay } from "node:timers/promises";

/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 3;
export const title = "job thread blocked for three heartbeats";

const heartbeatMs = 1000;
const graceMs = 2000;
const drainMs = 500;
const env = {
  AMQP_HEARTBEAT: String(heartbeatMs / 1000),
  MCAI_STOP_GRACE_MS: String(graceMs),
  MCAI_DRAIN_TIMEOUT_MS: String(drainMs),
};
/** What a busy machine adds. */
const slackMs = 1000;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  for (const action of ["block", "native"]) {
    const where = action === "block" ? "in JavaScript" : "in native code";
    await stopped(stage, findings, action, where);
    await terminated(stage, findings, action, where);
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 * @param {string} action
 * @param {string} where
 */
async function stopped(stage, findings, action, where) {
  const scene = await stage.scene();
  try {
    const { worker, jobId } = await block(scene, action);
    findings.equal(`connection kept, ${where}`, true, !/was lost/.test(worker.log));
    const { backend, queue } = scene;
    let startMs = performance.now();
    await backend.sendDirect(queue, { type: "status" });
    const status = await backend.next("worker_status");
    findings.atMost(`status answered, ${where}`, 1000, performance.now() - startMs, "ms");
    findings.equal(`… as`, ["Busy", jobId], [status.body.worker.activity, status.body.job?.job_id]);
    startMs = performance.now();
    await backend.sendDirect(queue, { type: "stop_process", job_id: jobId, parameters: [] });
    const final = await backend.final(jobId);
    findings.equal(`stop order, ${where}`, "job_stopped", final.kind);
    findings.atMost("… answered", graceMs + slackMs, performance.now() - startMs, "ms");
    const next = await scene.send({ action: "nothing" });
    // Only the end of the process ends a native call: its supervisor starts another process.
    if (action === "native") {
      findings.equal("… the process that cannot end the call", 134, await worker.ended);
      await scene.start({ env });
    }
    findings.equal("the next job", "job_completed", (await backend.final(next)).kind);
    findings.equal(`runs of the job, ${where}`, 1, scene.trace.runsOf(jobId).length);
  } finally {
    await scene.close();
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 * @param {string} action
 * @param {string} where
 */
async function terminated(stage, findings, action, where) {
  const scene = await stage.scene();
  try {
    const { worker, jobId } = await block(scene, action, 0);
    const startMs = performance.now();
    worker.signal("SIGTERM");
    findings.equal(`exit code after SIGTERM, ${where}`, action === "native" ? 134 : 0, await worker.ended);
    // Plus the time for teardown and the last messages, or until the thread counts as held by a native call.
    findings.atMost("… ended", drainMs + graceMs + 2000 + slackMs, performance.now() - startMs, "ms");
    const message = await scene.backend.channel.get(scene.queue, { noAck: true });
    findings.equal(
      "the order is in its queue again, not redelivered",
      [jobId, false, false],
      message && [
        JSON.parse(message.content.toString()).job_id,
        message.fields.redelivered,
        "x-death" in (message.properties.headers ?? {}),
      ],
    );
    findings.equal("and has no final response", [], scene.backend.finalsOf(jobId));
  } finally {
    await scene.close();
  }
}

/**
 * @param {Scene} scene
 * @param {string} action
 */
async function block(scene, action, heartbeats = 3.5) {
  const worker = await scene.start({ env });
  const jobId = await scene.send({ action, durationMs: 600_000 });
  /** @type {(response: import("../backend.mjs").Response) => boolean} */
  const isAtTen = ({ kind, body }) => kind === "job_progression" && body.progression === 10;
  await scene.backend.until(() => scene.backend.responses.find(isAtTen), "progress");
  await delay(heartbeats * heartbeatMs);
  return { worker, jobId };
}
