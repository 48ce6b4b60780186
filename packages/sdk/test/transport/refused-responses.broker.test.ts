import { describe, expect, it } from "vitest";
import { FaultProxy } from "../../../../chaos/fault-proxy.mjs";
import { useVirtualHost } from "../support/broker.ts";
import { urlOf } from "../support/broker-worker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";
import { Wire } from "../support/wire.ts";

const virtualHost = useVirtualHost();
const { start, closeAtEnd } = await useWorkers(virtualHost);

let nextId = 700;

/** Binds a queue that refuses every message with this routing key, and returns what gives it room. */
async function fill({ channel }: Wire, exchange: string, routingKey: string): Promise<() => Promise<void>> {
  const { queue } = await channel.assertQueue("", {
    exclusive: true,
    arguments: { "x-max-length": 1, "x-overflow": "reject-publish" },
  });
  channel.sendToQueue(queue, Buffer.from("{}"));
  await channel.waitForConfirms();
  await channel.bindQueue(queue, exchange, routingKey);
  return async () => {
    await channel.consume(queue, () => undefined, { noAck: true });
  };
}

describe("a response that the broker refuses", { timeout: 30_000 }, () => {
  it("is sent again alone, while orders about the worker are answered and the next job waits", async () => {
    // A port that is free now.
    const placeholder = await FaultProxy.open(0);
    const { port } = placeholder;
    await placeholder.close();
    const { wire, run } = await start({ env: { MCAI_HTTP_PORT: String(port) } });
    const makeRoom = await fill(wire, "job_response", "job_completed");
    const [first, second] = [nextId++, nextId++];
    await wire.sendJob(job(first));
    await wire.sendJob(job(second));
    await wire.next("job_completed", first);
    await wire.sendDirect({ type: "status" });
    await wire.next("worker_status");
    const readiness = await fetch(`http://127.0.0.1:${port}/readyz`);
    expect(readiness.status).toBe(503);
    expect(await readiness.json()).toMatchObject({ takingJobs: false, publishing: true, confirming: false });
    // After 1 s and after 2 s more.
    await wire.next("job_completed", first);
    await wire.next("job_completed", first);
    expect(wire.kinds(second)).toEqual([]);
    await makeRoom();
    await wire.next("job_completed", first);
    await wire.next("job_completed", second);
    expect(wire.kinds(first)).toEqual(["job_progression", ...Array(4).fill("job_completed")]);
    run.signal("SIGTERM");
    const { exitCode, log } = await run.end();
    expect(exitCode).toBe(0);
    const refusals = log.filter(({ text }) => text.includes("refused"));
    expect(refusals).toHaveLength(1);
    expect(refusals[0]?.text).toMatch(/job_response.*job_completed.*/);
    expect(refusals[0]?.jobId).toBe(first);
    expect(log.filter(({ text }) => text.includes("was lost"))).toEqual([]);
  });

  it("stays before the later responses of its job", async () => {
    const { wire } = await start();
    const makeRoom = await fill(wire, "job_response", "job_progression");
    const id = nextId++;
    await wire.sendJob(job(id));
    await wire.next("job_progression", id);
    await wire.next("job_progression", id);
    await makeRoom();
    await wire.next("job_completed", id);
    expect(wire.kinds(id)).toEqual(["job_progression", "job_completed"]);
  });

  it("is named when the worker ends without its confirmation", async () => {
    const { wire, run } = await start();
    await fill(wire, "worker_response", "worker_status");
    await wire.sendDirect({ type: "status" });
    await wire.next("worker_status");
    const id = nextId++;
    await wire.sendJob(job(id));
    await wire.next("job_completed", id);
    run.signal("SIGTERM");
    const { exitCode, log } = await run.end();
    expect(exitCode).toBe(0);
    expect(log.filter(({ level }) => level === "ERROR")).toEqual([
      expect.objectContaining({ text: expect.stringMatching(/not confirm.*worker_response.*worker_status/) }),
    ]);
  });

  it("does not keep a worker from taking jobs if it only announces the worker", async () => {
    const queue = "job_unannounced";
    const backend = await Wire.open(urlOf(virtualHost()), queue);
    closeAtEnd(backend);
    for (const exchange of ["job_response", "worker_response"]) await fill(backend, exchange, "worker_discovery");
    await fill(backend, "worker_response", "worker_created");
    const { wire, run } = await start({ queue });
    const id = nextId++;
    await wire.sendJob(job(id));
    await wire.next("job_completed", id);
    run.signal("SIGTERM");
    await wire.next("worker_terminated");
    const { exitCode, log } = await run.end();
    expect(exitCode).toBe(0);
    expect(log.filter(({ text }) => /not confirm.*worker_(discovery|created)/.test(text))).toHaveLength(3);
  });
});
