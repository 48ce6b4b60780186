// Queues deleted, objects declared otherwise, permissions missing: at the start and in the middle of a job.
/**
 * @import { Channel } from "amqplib"
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 6;
export const title = "queue deleted, consumer cancelled, mismatches, permissions refused";

const env = { AMQP_HEARTBEAT: "1" };

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  await queueDeleted(stage, findings);
  await mismatches(stage, findings);
  await refusals(stage, findings);
  await permissionsTakenAway(stage, findings);
}

/**
 * To a consumer the deletion of its queue is a cancel. Its messages are lost; the current job of the worker is not.
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function queueDeleted(stage, findings) {
  const scene = await stage.scene();
  try {
    const { backend, trace, queue } = scene;
    const worker = await scene.start({ env });
    const jobId = await scene.send({ durationMs: 1500 });
    await backend.next("job_progression", jobId);
    const from = worker.log.length;
    await backend.channel.deleteQueue(queue);
    await worker.logged(/Connected to the broker .*\(consumes\)/, { from });
    findings.equal("queue deleted: the worker logs it", true, /cancelled the consumer/.test(worker.log.slice(from)));
    const next = await scene.send({ durationMs: 1 });
    await Promise.all([backend.final(jobId), backend.final(next)]);
    findings.equal(
      "… the current job, and the next one",
      [["job_completed"], ["job_completed"]],
      [backend.statuses(jobId), backend.statuses(next)],
    );
    findings.equal("… runs", [1, 1], [trace.runsOf(jobId).length, trace.runsOf(next).length]);
    worker.signal("SIGTERM");
    findings.equal("… exit code", 0, await worker.ended);
  } finally {
    await scene.close();
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function mismatches(stage, findings) {
  /** @type {readonly { what: string, declare: (channel: Channel, queue: string) => Promise<unknown>, named: RegExp }[]} */
  const cases = [
    {
      what: "an exchange of another type",
      declare: (channel) => channel.assertExchange("direct_messaging", "fanout"),
      named: /direct_messaging/,
    },
    {
      what: "a queue without priorities",
      declare: (channel, queue) => channel.assertQueue(queue, { durable: true }),
      named: /job_chaos/,
    },
  ];
  for (const { what, declare, named } of cases) {
    const scene = await stage.scene();
    try {
      const { channel } = scene.backend;
      await declare(channel, scene.queue);
      const worker = scene.spawn({ env });
      findings.equal(`${what}: exit code`, 77, await worker.ended);
      findings.matches(
        "… the error names it",
        named,
        worker.log.split(" - ERROR - ").find((text) => named.test(text)) ?? worker.log,
      );
    } finally {
      await scene.close();
    }
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function refusals(stage, findings) {
  const scene = await stage.scene();
  const user = `limited-${scene.vhost.slice(6, 14)}`;
  try {
    await scene.manage("PUT", `/users/${user}`, { password: "secret-of-limited", tags: "" });
    scene.defer(() => scene.manage("DELETE", `/users/${user}`));
    /** @param {NodeJS.ProcessEnv} more */
    const codeOf = async (more) => {
      const login = { AMQP_USERNAME: user, AMQP_PASSWORD: "secret-of-limited" };
      return scene.spawn({ env: { ...env, ...login, ...more } }).ended;
    };
    findings.equal("a wrong password: exit code", 74, await codeOf({ AMQP_PASSWORD: "wrong" }));
    findings.equal("a user without access to the virtual host", 75, await codeOf({}));
    findings.equal("a virtual host that does not exist", 75, await codeOf({ AMQP_VHOST: "nowhere" }));
    await scene.manage("PUT", `/permissions/${scene.vhost}/${user}`, { configure: "", write: ".*", read: ".*" });
    findings.equal("a user without permission to declare", 76, await codeOf({}));
    const logs = scene.workers.map(({ log }) => log).join("\n");
    findings.equal("passwords in the logs", false, /secret-of-limited/.test(logs));
  } finally {
    await scene.close();
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function permissionsTakenAway(stage, findings) {
  const scene = await stage.scene();
  const user = `passing-${scene.vhost.slice(6, 14)}`;
  const all = { configure: ".*", write: ".*", read: ".*" };
  try {
    const { backend, trace, vhost, queue } = scene;
    await scene.manage("PUT", `/users/${user}`, { password: "secret", tags: "" });
    scene.defer(() => scene.manage("DELETE", `/users/${user}`));
    /** @param {object} permissions */
    const allow = (permissions) => scene.manage("PUT", `/permissions/${vhost}/${user}`, permissions);
    await allow(all);
    const worker = await scene.start({ env: { ...env, AMQP_USERNAME: user, AMQP_PASSWORD: "secret" } });
    const jobId = await scene.send({ durationMs: 1500 });
    await backend.next("job_progression", jobId);
    await allow({ ...all, write: "" });
    await worker.logged(/ACCESS_REFUSED|access .*refused/i);
    await allow(all);
    await backend.final(jobId);
    findings.equal(
      "permission to write removed during a job, and restored",
      ["job_completed"],
      backend.statuses(jobId),
    );
    findings.equal("… runs", 1, trace.runsOf(jobId).length);
    worker.signal("SIGTERM");
    await worker.ended;
    findings.equal("… orders left in the queue", 0, (await backend.count(queue)).messages);
  } finally {
    await scene.close();
  }
}
