import { type AddressInfo, createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const { start, startBehindProxy, run: runWorker, closeAtEnd } = await useWorkers(virtualHost);

let nextId = 100;

describe("at shutdown, a worker", { timeout: 30_000 }, () => {
  it("finishes the current job, and leaves the others in the queue", async () => {
    const { wire, run } = await start({ env: { MCAI_DRAIN_TIMEOUT_MS: "20000" } });
    const [id, other] = [nextId++, nextId++];
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.sendJob(job(other));
    await wire.next("job_progression", id);
    run.signal("SIGTERM");
    await run.waitFor(/Shutting down/);
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    expect((await run.end()).exitCode).toBe(0);
    await wire.next("job_stopped", id);
    await wire.next("worker_terminated");
    expect(await wire.count(wire.queue)).toEqual({ messages: 1, consumers: 0 });
  });

  it.each([
    ["SIGTERM", "awaits checkpoints", "checkpoints"],
    ["SIGINT", "is unresponsive", "unresponsive"],
    ["SIGHUP", "ignores the stop", "stubborn"],
  ] as const)("by %s returns a job that %s to the queue, without a death", async (signal, _, action) => {
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

  it("returns a job that is in a native call to the queue, and aborts the process", async () => {
    const { wire, run } = await start({ env: { MCAI_DRAIN_TIMEOUT_MS: "0", MCAI_STOP_GRACE_MS: "300" } });
    const id = nextId++;
    await wire.sendJob(job(id, { action: "native_call" }));
    await wire.next("job_progression", id);
    run.signal("SIGTERM");
    expect((await run.end()).exitCode).toBe(134);
    expect(await wire.count(wire.queue)).toEqual({ messages: 1, consumers: 0 });
    await wire.next("worker_terminated");
  });

  it.concurrent.each([
    ["has ended", "complete_later"],
    ["computes without yielding", "unresponsive"],
  ])("ends in its time without a broker, when its job %s", async (_, action) => {
    const { wire, run, proxy } = await startBehindProxy({ MCAI_DRAIN_TIMEOUT_MS: "300", MCAI_STOP_GRACE_MS: "300" });
    const id = nextId++;
    await wire.sendJob(job(id, { action }));
    await wire.next("job_progression", id);
    await proxy.close();
    await run.waitFor(/was lost/);
    const startMs = performance.now();
    run.signal("SIGTERM");
    expect((await run.end()).exitCode).toBe(0);
    expect(performance.now() - startMs).toBeLessThan(300 + 300 + 10_000);
    // The order was not acknowledged.
    const returned = await wire.channel.get(wire.queue, { noAck: true });
    expect((returned || undefined)?.fields.redelivered).toBe(true);
  });

  it("by stop_worker exits with 0, even if the order comes twice", async () => {
    const { wire, run } = await start();
    await wire.sendDirect({ type: "stop_worker" });
    await wire.sendDirect({ type: "stop_worker" }).catch(() => undefined);
    expect((await run.end()).exitCode).toBe(0);
    await wire.next("worker_terminated");
  });
});

describe("a worker that gets SIGTERM while it connects", { timeout: 30_000 }, () => {
  it("exits at once, whether the broker answers or not", async () => {
    const silent = createServer((socket) => void socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as AddressInfo;
    closeAtEnd({ close: () => new Promise((resolve) => silent.close(resolve)) });
    for (const env of [{}, { AMQP_PORT: String(port) }, { AMQP_PORT: String(port), AMQP_TLS: "true" }]) {
      const run = runWorker(`job_${nextId++}`, { env });
      await run.waitFor(/ Worker: /);
      const startMs = performance.now();
      run.signal("SIGTERM");
      expect((await run.end()).exitCode).toBe(0);
      // The timeout for a broker that does not answer is ten seconds.
      expect(performance.now() - startMs).toBeLessThan(5000);
    }
  });
});
