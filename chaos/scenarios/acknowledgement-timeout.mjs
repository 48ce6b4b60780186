// A job that runs longer than the broker waits for its acknowledgement.
/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 2;
export const title = "acknowledgement timeout of the broker";

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const [timeoutMs, jobMs] = stage.isShort ? [3000, 9000] : [10_000, 25_000];
  const broker = await stage.broker;
  // By default the broker looks once a minute; this key has no line in its configuration file.
  const before = await setTimes(broker, { consumer_timeout: timeoutMs, channel_tick_interval: 1000 });
  const scene = await stage.scene();
  scene.defer(() => setTimes(broker, before));
  try {
    const worker = await scene.start();
    const jobId = await scene.send({ durationMs: jobMs });
    await scene.backend.final(jobId, jobMs + 20_000);
    const next = await scene.send({ durationMs: 1 });
    await scene.backend.final(next, 20_000);
    const taken = /PRECONDITION_FAILED - delivery acknowledgement|the broker cancelled the consumer/.test(worker.log);
    // RabbitMQ 4.3 has no such timeout on classic queues.
    findings.equal(
      `the broker took the job of ${jobMs / 1000} s away after ${timeoutMs / 1000} s`,
      stage.kind !== "4.3-classic",
      taken,
    );
    worker.signal("SIGTERM");
    findings.equal("exit code after SIGTERM", 0, await worker.ended);
    findings.equal("runs of it", 1, scene.trace.runsOf(jobId).length);
    findings.equal(
      "its final responses",
      ["job_completed"],
      scene.backend.finalsOf(jobId).map(({ kind }) => kind),
    );
    findings.equal(
      "the next job's",
      ["job_completed"],
      scene.backend.finalsOf(next).map(({ kind }) => kind),
    );
    findings.equal("orders left in the queue", 0, (await scene.backend.count(scene.queue)).messages);
  } finally {
    await scene.close();
  }
}

/**
 * Sets values of the broker's application at run time, and returns those that it had.
 * @param {import("../../scripts/broker.mjs").Broker} broker
 * @param {Readonly<Record<string, number>>} values
 */
async function setTimes(broker, values) {
  /** @type {Record<string, number>} */
  const before = {};
  for (const [key, value] of Object.entries(values)) {
    const term = `{ok, Old} = application:get_env(rabbit, ${key}), ok = application:set_env(rabbit, ${key}, ${value}), Old.`;
    before[key] = Number((await broker.ctl("eval", term)).trim());
  }
  return before;
}
