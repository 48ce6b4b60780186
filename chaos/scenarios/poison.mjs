// Messages that are not orders, of every kind, mixed with valid ones.
/**
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 7;
export const title = "poison orders of every kind, mixed with valid ones";
export const isGentle = true;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const scene = await stage.scene();
  const { backend, queue, trace } = scene;
  try {
    const worker = await scene.start({ env: { AMQP_HEARTBEAT: "2" } });
    const poison = poisonOrders(stage);
    const good = [];
    for (const { body, properties } of poison) {
      await backend.publish("job_submit", queue, body, { persistent: true, ...properties });
      good.push(await scene.send({ action: "nothing" }));
    }
    await Promise.all(good.map((id) => backend.final(id, 60_000)));
    findings.counted("kinds of poison", poison.length);
    findings.counted("the largest, in MiB", Math.round(Math.max(...poison.map(({ body }) => body.length)) / 2 ** 20));
    findings.equal(
      "good jobs that did not complete",
      [],
      good.filter((id) => backend.statuses(id).join() !== "job_completed"),
    );
    findings.equal(
      "good jobs that ran more than once",
      [],
      good.filter((id) => trace.runsOf(id).length !== 1),
    );
    findings.equal(
      "the worker's process and connections are kept",
      [true, false],
      [worker.isRunning, /was lost/.test(worker.log)],
    );
    // Those with an id are answered, once each; those without are only logged.
    const withId = poison.flatMap(({ jobId }) => jobId ?? []);
    await Promise.all(withId.map((id) => backend.final(id)));
    findings.equal(
      "poison with a job's id: answers",
      withId.map(() => ["job_error"]),
      withId.map((id) => backend.finalsOf(id).map(({ kind }) => kind)),
    );
    worker.signal("SIGTERM");
    findings.equal("exit code", 0, await worker.ended);
    const said = worker.log.match(/not an order:/g)?.length ?? 0;
    findings.equal("poison that is not an order, in the log, once each", poison.length, said);
    const { messages } = await backend.count(queue);
    findings.equal("orders left in the queue", 0, messages);
  } finally {
    await scene.close();
  }
}

/**
 * A message that is not an order.
 * @typedef {object} Poison
 * @property {Buffer} body
 * @property {number} [jobId] can be read from the message, which is answered
 * @property {import("amqplib").Options.Publish} [properties]
 */

/**
 * @param {Stage} stage
 * @returns {Poison[]}
 */
function poisonOrders({ version, isShort }) {
  /** @type {(body: string | Buffer, more?: Omit<Poison, "body">) => Poison} */
  const of = (body, more = {}) => ({ body: Buffer.isBuffer(body) ? body : Buffer.from(body), ...more });
  /** @type {(value: object, more?: Omit<Poison, "body">) => Poison} */
  const json = (value, more) => of(JSON.stringify(value), more);
  // What the broker takes: 16 MiB from 4.0 on, 128 MiB before.
  const largest = (version === "3.10" ? (isShort ? 32 : 127) : 16) * 2 ** 20 - 1024;
  const jobs = { nothing: 900_001, text: 900_002, many: 900_003, mark: 900_004, type: 900_005 };
  return [
    of(""),
    of("{"),
    of("null"),
    of("[]"),
    of("42"),
    of('"job"'),
    of(Buffer.from([0xff, 0xfe, 0x00, 0x80])),
    of(`\ufeff{"job_id":${jobs.mark}}`, { jobId: jobs.mark }),
    of("{}"),
    json({ parameters: [] }),
    json({ job_id: "7", parameters: [] }),
    json({ job_id: -1, parameters: [] }),
    json({ job_id: 1.5, parameters: [] }),
    json({ job_id: null, parameters: [] }),
    of('{"job_id":99999999999999999999,"parameters":[]}'),
    json({ type: "no_such_type", job_id: jobs.type, parameters: [] }, { jobId: jobs.type }),
    json({ job_id: jobs.nothing }, { jobId: jobs.nothing }),
    json({ job_id: jobs.text, parameters: "none" }, { jobId: jobs.text }),
    json({ job_id: jobs.many, parameters: [{ id: 1, type: true }] }, { jobId: jobs.many }),
    of("[".repeat(1_000_000)),
    of(`{"job_id":7,"parameters":${"[".repeat(100_000)}${"]".repeat(100_000)}}`),
    of(Buffer.alloc(largest, 0x20)),
    of(Buffer.alloc(largest, "[")),
    json({ parameters: [{ id: "x", type: "string", value: "y".repeat(largest - 200) }] }),
    of("garbage", { properties: { headers: { "x-death": "no list", soft_reject: [{ count: "many" }] } } }),
    of("garbage", {
      properties: { headers: { "x-death": [null, 1, { count: -1 }] }, priority: 255, contentEncoding: "gzip" },
    }),
  ];
}
