import { describe, expect, it } from "vitest";
import { FaultProxy } from "../../../../chaos/fault-proxy.mjs";
import { useVirtualHost } from "../support/broker.ts";
import { urlOf } from "../support/broker-worker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";
import { Wire } from "../support/wire.ts";

const virtualHost = useVirtualHost();
const { run: runWorker, start, closeAtEnd } = await useWorkers(virtualHost);

/** Returns variables for a worker in a container: its cgroup is not that of this process. */
function inContainer(): { id: string; env: Record<string, string> } {
  const full = crypto.randomUUID().replaceAll("-", "").repeat(2);
  const preload = `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const { readFileSync } = fs;
    fs.readFileSync = (file, ...more) =>
      file === "/proc/self/cgroup" ? "0::/docker/${full}\\n" : readFileSync(file, ...more);
    syncBuiltinESMExports();`;
  return {
    id: full.slice(0, 12),
    env: { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}` },
  };
}

async function openWire(queue: string): Promise<Wire> {
  const wire = await Wire.open(urlOf(virtualHost()), queue);
  closeAtEnd(wire);
  return wire;
}

describe("two workers of one container", { timeout: 30_000 }, () => {
  it("have different ids, queues and lines of the log, also if they start at the same time", async () => {
    const { id, env } = inContainer();
    const wire = await openWire("job_twins");
    const runs = [0, 1].map(() => runWorker("job_twins", { env }));
    const created = [await wire.next("worker_created"), await wire.next("worker_created")].map(({ body }) => body);
    const ids = created.map(({ instance_id }) => instance_id).sort();
    const [, suffixed = ""] = ids;
    expect(ids).toEqual([id, expect.stringMatching(new RegExp(`^${id}-[0-9a-f]{8}$`))]);
    expect(created.map((body) => body.direct_messaging_queue_name).sort()).toEqual(
      ids.map((one) => `direct_messaging_${one}`),
    );
    // Each gets only its own orders, and says who it is.
    for (const one of ids) {
      await wire.sendDirect({ type: "status" }, { instance_id: one });
      const { body } = await wire.next("worker_status");
      expect([body.worker.instance_id, body.worker.system_info.docker_container_id]).toEqual([one, one]);
    }
    await wire.sendDirect({ type: "stop_worker" }, { instance_id: suffixed });
    expect((await wire.next("worker_terminated")).body.instance_id).toBe(suffixed);
    for (const one of runs) one.signal("SIGTERM");
    const logs = await Promise.all(runs.map(async (one) => (await one.end()).log));
    expect(logs.map((log) => log.at(-1)?.instanceId).sort()).toEqual(ids);
    expect(
      logs.flat().filter(({ text }) => text.includes(`has the instance id ${id}: that of this worker is`)),
    ).toHaveLength(1);
    expect(wire.responses.filter(({ kind }) => kind === "worker_status")).toHaveLength(2);
  });
});

describe("a worker whose direct queue has a consumer", { timeout: 60_000 }, () => {
  /** Consumes the direct queue of an id. */
  async function take(id: string, exclusive: boolean): Promise<Wire> {
    const wire = await openWire("job_taker");
    const queue = `direct_messaging_${id}`;
    const options = { durable: false, autoDelete: true, exclusive, arguments: { "x-queue-type": "classic" } };
    await wire.channel.assertQueue(queue, options);
    await wire.channel.consume(queue, () => undefined, { noAck: true });
    return wire;
  }

  // RabbitMQ 4.3 has only exclusive queues of this kind.
  it.each([
    ["that is shared", false],
    ["that belongs to another connection", true],
  ])("%s takes another id, and keeps it when it connects again", async (_, exclusive) => {
    if (!exclusive && virtualHost().version.startsWith("4.3")) return;
    const { id, env } = inContainer();
    await take(id, exclusive);
    const proxy = await FaultProxy.open(virtualHost().port);
    closeAtEnd(proxy);
    const queue = `job_renamed_${exclusive}`;
    const wire = await openWire(queue);
    const run = runWorker(queue, { env: { ...env, AMQP_HEARTBEAT: "1", AMQP_PORT: String(proxy.port) } });
    // Three heartbeats, and on RabbitMQ 4.3 another attempt with an exclusive queue, with growing pauses.
    await wire.next("worker_created", undefined, 25_000);
    const before = wire.responses.filter(({ kind }) => kind === "worker_discovery");
    const [{ body } = { body: undefined }] = before;
    const suffixed = body !== undefined && "instance_id" in body ? body.instance_id : "";
    expect(suffixed).toMatch(new RegExp(`^${id}-[0-9a-f]{8}$`));
    proxy.cut();
    await run.waitFor(/the connection to \S+ was lost[\s\S]*Connected to the broker \S+ \(\S+ \(consumes\)\)/);
    await wire.sendDirect({ type: "status" }, { instance_id: suffixed });
    expect((await wire.next("worker_status", undefined, 20_000)).body.worker).toMatchObject({
      instance_id: suffixed,
      direct_messaging_queue_name: `direct_messaging_${suffixed}`,
    });
    // The lines of the job thread have it too.
    await wire.sendJob(job(1, { action: "log_levels" }));
    await wire.next("job_completed", 1);
    run.signal("SIGTERM");
    const { log } = await run.end();
    expect(log.filter(({ text }) => text.includes(`is now ${suffixed}, and no longer ${id}`))).toHaveLength(1);
    expect(log.find(({ jobId, text }) => jobId === 1 && text.includes("a line of level info"))?.instanceId).toBe(
      suffixed,
    );
    const ids = wire.responses.flatMap(({ body: one }) => ("instance_id" in one ? [one.instance_id] : []));
    expect(new Set(ids)).toEqual(new Set([suffixed]));
  });

  it("keeps the name that DIRECT_MESSAGING_IDENTIFIER gives it, and warns", async () => {
    if (virtualHost().version.startsWith("4.3")) return;
    const identifier = crypto.randomUUID();
    await take(identifier, false);
    const { wire, run } = await start({ env: { DIRECT_MESSAGING_IDENTIFIER: identifier } });
    await run.waitFor(new RegExp(`Another consumer has the queue direct_messaging_${identifier}`));
    const [{ body } = { body: undefined }] = wire.responses.filter(({ kind }) => kind === "worker_created");
    expect(body).toMatchObject({ direct_messaging_queue_name: `direct_messaging_${identifier}` });
  });
});
