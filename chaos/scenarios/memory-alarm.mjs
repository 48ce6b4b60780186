// The broker has no memory left, and accepts no messages until it has some again.
import { setTimeout as delay } from "node:timers/promises";

/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 4;
export const title = "memory alarm of the broker";

const env = { AMQP_HEARTBEAT: "1" };

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const alarmMs = stage.isShort ? 5000 : 15_000;
  const broker = await stage.broker;
  const scene = await stage.scene();
  // It applies to the whole broker, and must be reset after the scenario.
  scene.defer(() => broker.ctl("set_vm_memory_high_watermark", "0.4"));
  try {
    const { backend, trace } = scene;
    const worker = await scene.start({ env });
    const running = await scene.send({ durationMs: 3000 });
    const waiting = [];
    for (let i = 0; i < 5; i++) waiting.push(await scene.send({ durationMs: 1 }));
    await backend.next("job_progression", running);
    await broker.ctl("set_vm_memory_high_watermark", "0.000001");
    const alarmedMs = Date.now();
    await delay(alarmMs);
    const early = backend.finals.size;
    await broker.ctl("set_vm_memory_high_watermark", "0.4");
    const all = [running, ...waiting];
    await Promise.all(all.map((id) => backend.final(id)));
    findings.counted("seconds without memory", Math.round((Date.now() - alarmedMs) / 1000));
    findings.equal("final responses that came through while it had none", 0, early);
    findings.equal("the worker logs it", true, /The broker has blocked publishing/.test(worker.log));
    findings.equal("its connections are kept", true, !/was lost/.test(worker.log));
    findings.equal(
      "final responses of each job",
      Array(6).fill(1),
      all.map((id) => backend.finalsOf(id).length),
    );
    findings.equal(
      "runs of each job",
      Array(6).fill(1),
      all.map((id) => trace.runsOf(id).length),
    );
    findings.equal("orders left in the queue", 0, (await backend.count(scene.queue)).messages);
  } finally {
    await scene.close();
  }
}
