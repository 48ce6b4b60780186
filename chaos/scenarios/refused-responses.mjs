// Queues that are bound to responses and full, so that the broker refuses what is sent to them.
import { setTimeout as delay } from "node:timers/promises";

/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 14;
export const title = "full queues that refuse responses";

const maxStatusMs = 1000;
/** How many orders are answered with an error at the same moment. */
const manyOrders = 300;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  await finalResponse(stage, findings);
  await manyAtOnce(stage, findings);
  if (!stage.isShort) await unconfirmedAtTheEnd(stage, findings);
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function finalResponse(stage, findings) {
  const scene = await stage.scene();
  const { backend, trace } = scene;
  try {
    const proxy = await scene.proxy();
    const worker = await scene.start({ port: proxy.port, env: { AMQP_HEARTBEAT: "2" } });
    const copies = await countCopies(scene);
    const full = await fillQueues(scene, stage, "job_completed", 2);
    const [first, next] = [await scene.send({ durationMs: 1 }), await scene.send({ durationMs: 1 })];
    await backend.final(first);
    const startMs = performance.now();
    const watchMs = stage.isShort ? 5000 : 30_000;
    const maxCopies = stage.isShort ? 3 : 5;
    await backend.sendDirect(scene.queue, { type: "status" });
    await backend.next("worker_status");
    findings.atMost("status answered meanwhile", maxStatusMs, performance.now() - startMs, "ms");
    if (!stage.isShort) {
      // Between two attempts: one that is on its way when the connection is lost is made again.
      await delay(10_000);
      proxy.cut();
      await worker.logged(/was lost[\s\S]*Connected to the broker .*\(publishes\)/);
    }
    await delay(startMs + watchMs - performance.now());
    const count = copies.get(`job_completed ${first}`) ?? 0;
    findings.atMost(`copies of job_completed in an open queue within ${watchMs / 1000} s`, maxCopies, count, "");
    findings.counted("… copies in each full queue", full.counts());
    findings.equal(
      "… of each other message",
      1,
      Math.max(...[...copies].map(([key, n]) => (key === `job_completed ${first}` ? 1 : n))),
    );
    findings.equal("… the next job has not run", 0, trace.runsOf(next).length);
    const named = new RegExp(`refused .*job ${first} \\(exchange "job_response", routing key "job_completed"\\)`, "g");
    findings.equal("… the log names it, once", 1, worker.log.match(named)?.length);
    if (stage.isShort) findings.equal("… connections kept", false, /was lost/.test(worker.log));
    const roomMs = performance.now();
    await full.makeRoom();
    await backend.final(next, 70_000);
    findings.atMost(
      "seconds from room to the next job",
      stage.isShort ? 5 : 32,
      (performance.now() - roomMs) / 1000,
      "s",
    );
    findings.equal("… copies in each full queue", [1, 1], full.counts(first));
    findings.equal(
      "… runs",
      [1, 1],
      [first, next].map((id) => trace.runsOf(id).length),
    );
  } finally {
    await scene.close();
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function manyAtOnce(stage, findings) {
  const scene = await stage.scene();
  const { backend } = scene;
  try {
    await scene.start();
    const copies = await countCopies(scene);
    const full = await fillQueues(scene, stage, "job_error", 1);
    const ids = Array.from({ length: manyOrders }, () => scene.nextId());
    await Promise.all(
      ids.map((id) => backend.sendDirect(scene.queue, { type: "start_process", job_id: id, parameters: [] })),
    );
    await Promise.all(ids.map((id) => backend.final(id)));
    await delay(stage.isShort ? 1500 : 10_000);
    const sent = [...copies.values()].reduce((sum, n) => sum + n, 0);
    findings.atMost(`${manyOrders} answers refused at once: messages sent`, manyOrders + 5, sent, "");
    const roomMs = performance.now();
    await full.makeRoom();
    await full.until(manyOrders);
    findings.atMost(
      "… seconds from room to the last",
      stage.isShort ? 5 : 17,
      (performance.now() - roomMs) / 1000,
      "s",
    );
  } finally {
    await scene.close();
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function unconfirmedAtTheEnd(stage, findings) {
  const scene = await stage.scene();
  const { backend, queue } = scene;
  try {
    const worker = await scene.start({ env: { MCAI_DRAIN_TIMEOUT_MS: "500", MCAI_STOP_GRACE_MS: "500" } });
    await fillQueues(scene, stage, "job_completed", 1);
    const jobId = await scene.send({ durationMs: 1 });
    await backend.final(jobId);
    const startMs = performance.now();
    worker.signal("SIGTERM");
    findings.equal("SIGTERM while it is refused: exit code", 0, await worker.ended);
    findings.atMost("… seconds to the end", 10, (performance.now() - startMs) / 1000, "s");
    const named = new RegExp(
      `did not confirm .*job ${jobId} \\(exchange "job_response", routing key "job_completed"\\)`,
    );
    findings.matches(
      "… the log names it",
      named,
      worker.log.split("\n").find((line) => named.test(line)),
    );
    findings.equal("… its order is back in the queue", 1, (await backend.count(queue)).messages);
  } finally {
    await scene.close();
  }
}

/**
 * A queue that takes every response, and how often it got each one.
 * @param {Scene} scene
 */
async function countCopies({ backend: { channel } }) {
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, "job_response", "#");
  /** @type {Map<string, number>} */
  const copies = new Map();
  const take = (/** @type {{ fields: { routingKey: string }, content: Buffer } | null} */ message) => {
    if (!message) return;
    const { job_id, progression = "" } = JSON.parse(message.content.toString());
    const key = `${message.fields.routingKey} ${job_id ?? ""}${progression}`;
    copies.set(key, (copies.get(key) ?? 0) + 1);
  };
  await channel.consume(queue, take, { noAck: true });
  return copies;
}

/**
 * Queues that are bound to a response and full.
 * @param {Scene} scene
 * @param {Stage} stage
 * @param {string} routingKey
 * @param {number} number
 */
async function fillQueues({ backend }, { cluster }, routingKey, number) {
  const { channel } = backend;
  /** @type {Map<string, number[]>} the jobs of the messages in each queue */
  const received = new Map();
  const changed = new EventTarget();
  for (let i = 0; i < number; i++) {
    const queue = `full_${routingKey}_${i}`;
    const type = { "x-queue-type": cluster ? "quorum" : "classic" };
    await channel.assertQueue(queue, { arguments: { ...type, "x-max-length": 1, "x-overflow": "reject-publish" } });
    await fill(backend, queue);
    await channel.bindQueue(queue, "job_response", routingKey);
    received.set(queue, []);
  }
  return {
    /**
     * How many messages each queue got, of a job if one is given.
     * @param {number} [jobId]
     */
    counts: (jobId) =>
      [...received.values()].map((ids) => ids.filter((id) => jobId === undefined || id === jobId).length),
    async makeRoom() {
      for (const [queue, ids] of received)
        await channel.consume(
          queue,
          (message) => {
            const { job_id } = JSON.parse(message?.content.toString() ?? "{}");
            if (job_id !== undefined) ids.push(job_id);
            changed.dispatchEvent(new Event("message"));
          },
          { noAck: true },
        );
    },
    /**
     * Waits until each queue got messages of this many jobs.
     * @param {number} count
     */
    async until(count) {
      while ([...received.values()].some((ids) => new Set(ids).size < count))
        await new Promise((resolve) => changed.addEventListener("message", resolve, { once: true }));
    },
  };
}

/**
 * A quorum queue takes a few more messages than its maximum.
 * @param {Scene["backend"]} backend
 * @param {string} queue
 */
async function fill(backend, queue) {
  for (;;) {
    try {
      await backend.publish("", queue, {});
    } catch {
      return;
    }
  }
}
