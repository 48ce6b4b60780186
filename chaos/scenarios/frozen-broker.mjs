// The broker's process is stopped: its connections stay open, and nothing answers.
import { setTimeout as delay } from "node:timers/promises";

/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 5;
export const title = "broker stopped by SIGSTOP";

const heartbeatMs = 1000;
const env = { AMQP_HEARTBEAT: String(heartbeatMs / 1000) };

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const broker = await stage.broker;
  const scene = await stage.scene();
  scene.defer(() => broker.resume());
  try {
    const { backend, trace } = scene;
    const worker = await scene.start({ env });
    const running = await scene.send({ durationMs: 2000 });
    await backend.next("job_progression", running);
    const fault = trace.fault("broker frozen");
    const startMs = performance.now();
    await broker.pause();
    await worker.logged(/was lost/);
    // One of the two connections' timers may just have started.
    findings.atMost("noticed within three heartbeats", 3 * heartbeatMs + 500, performance.now() - startMs, "ms");
    if (!stage.isShort) await delay(20 * heartbeatMs);
    const from = worker.log.length;
    await broker.resume();
    fault.untilMs = Date.now();
    await worker.logged(/Connected to the broker .*\(consumes\)/, { from });
    const next = await scene.send({ durationMs: 1 });
    await Promise.all([backend.final(running), backend.final(next)]);
    findings.equal("the same process continues", true, worker.isRunning);
    findings.equal(
      "runs of the job that was running, and of the next",
      [1, 1],
      [running, next].map((id) => trace.runsOf(id).length),
    );
    findings.equal(
      "their final responses",
      [["job_completed"], ["job_completed"]],
      [running, next].map((id) => backend.finalsOf(id).map(({ kind }) => kind)),
    );
    worker.signal("SIGTERM");
    await worker.ended;
    findings.equal("orders left in the queue", 0, (await backend.count(scene.queue)).messages);
  } finally {
    await scene.close();
  }
}
