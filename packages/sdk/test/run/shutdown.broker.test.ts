import { type AddressInfo, createServer } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { runWorkerOn, startWorker, type WorkerOnBroker } from "../support/broker-worker.ts";
import { job, openWorkersFolder } from "../support/run-local.ts";

const virtualHost = useVirtualHost();
const folder = await openWorkersFolder();
const opened: { close(): Promise<void> }[] = [{ close: () => folder.remove() }];
afterAll(async () => {
  for (const one of opened.reverse()) await one.close();
});

let nextId = 100;

async function start(options: Parameters<typeof startWorker>[2] = {}, host = virtualHost()): Promise<WorkerOnBroker> {
  const worker = await startWorker(folder, host, options);
  opened.push(worker);
  return worker;
}

describe("going down", { timeout: 30_000 }, () => {
  it("lets the job in hand end, and leaves the others to others", async () => {
    const { wire, run } = await start({ env: { MCAI_DRAIN_TIMEOUT_MS: "20000" } });
    const [id, other] = [nextId++, nextId++];
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.sendJob(job(other));
    await wire.next("job_progression", id);
    run.signal("SIGTERM");
    await run.waitFor(/going down/);
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    expect((await run.end()).exitCode).toBe(0);
    await wire.next("job_stopped", id);
    await wire.next("worker_terminated");
    expect(await wire.count(wire.queue)).toEqual({ messages: 1, consumers: 0 });
  });

  it.each([
    ["SIGTERM", "checkpoints"],
    ["SIGINT", "deaf"],
    ["SIGHUP", "stubborn"],
  ] as const)("by %s gives a job back that is %s, without a death", async (signal, action) => {
    const env = { MCAI_DRAIN_TIMEOUT_MS: "100", MCAI_STOP_GRACE_MS: "300" };
    const { wire, run } = await start({ env });
    const id = nextId++;
    await wire.sendJob(job(id, { action }), { priority: 9, correlationId: "kept" });
    await wire.next("job_progression", id);
    run.signal(signal);
    expect((await run.end()).exitCode).toBe(0);
    const returned = await wire.channel.get(wire.queue, { noAck: true });
    if (!returned) throw new Error("the job is not in its queue");
    expect(returned.fields.redelivered).toBe(false);
    expect(returned.properties).toMatchObject({ priority: 9, correlationId: "kept", headers: {} });
    expect(wire.kinds(id)).toEqual(["job_progression"]);
  });

  it("gives a job back that is in a native call, and ends with the process", async () => {
    const { wire, run } = await start({ env: { MCAI_DRAIN_TIMEOUT_MS: "0", MCAI_STOP_GRACE_MS: "300" } });
    const id = nextId++;
    await wire.sendJob(job(id, { action: "native_call" }));
    await wire.next("job_progression", id);
    run.signal("SIGTERM");
    expect((await run.end()).exitCode).toBe(134);
    expect(await wire.count(wire.queue)).toEqual({ messages: 1, consumers: 0 });
    await wire.next("worker_terminated");
  });

  it("by stop_worker, also when it comes twice", async () => {
    const { wire, run } = await start();
    await wire.sendDirect({ type: "stop_worker" });
    await wire.sendDirect({ type: "stop_worker" }).catch(() => undefined);
    expect((await run.end()).exitCode).toBe(0);
    await wire.next("worker_terminated");
  });
});

describe("a worker that is told to go while it connects", { timeout: 30_000 }, () => {
  it("ends at once, whether the broker answers or not", async () => {
    const silent = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    opened.push({ close: () => new Promise((resolve) => silent.close(() => resolve())) });
    for (const env of [{}, { AMQP_PORT: String(port) }, { AMQP_PORT: String(port), AMQP_TLS: "true" }]) {
      const run = runWorkerOn(folder, virtualHost(), `job_${nextId++}`, { env });
      await run.waitFor(/ Worker: /);
      const startMs = performance.now();
      run.signal("SIGTERM");
      expect((await run.end()).exitCode).toBe(0);
      // A connection that nobody answers is given up after ten.
      expect(performance.now() - startMs).toBeLessThan(5000);
    }
  });
});
