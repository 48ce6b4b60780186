import { type AddressInfo, createServer } from "node:net";
import type { ConsumeMessage } from "amqplib";
import { afterAll, describe, expect, it } from "vitest";
import { FaultProxy } from "../../../chaos/fault-proxy.mjs";
import { toDelivery } from "../src/transport/amqp/incoming.ts";
import { useVirtualHost } from "./broker.ts";
import { runWorkerOn, startWorker, urlOf, type WorkerOnBroker } from "./broker-worker.ts";
import { job, openWorkersFolder } from "./run-local.ts";
import { Wire } from "./wire.ts";

const virtualHost = useVirtualHost();
// Cluster and standalone do not go together in one virtual host.
const quorumHost = useVirtualHost();
const folder = await openWorkersFolder();
const opened: { close(): Promise<void> }[] = [{ close: () => folder.remove() }];
afterAll(async () => {
  for (const one of opened.reverse()) await one.close();
});

async function start(options: Parameters<typeof startWorker>[2] = {}, host = virtualHost()): Promise<WorkerOnBroker> {
  const worker = await startWorker(folder, host, options);
  opened.push(worker);
  return worker;
}

async function startBehindProxy(env: Record<string, string> = {}, host = virtualHost()) {
  const proxy = await FaultProxy.open(host.port);
  opened.push(proxy);
  return { proxy, ...(await start({ port: proxy.port, env }, host)) };
}

let nextId = 500;
const reconnected = /was lost[\s\S]*Connected to the broker \S+ \(\S+ \(consumes\)\)/;

describe("a connection that is lost", { timeout: 60_000 }, () => {
  it("in the middle of a job: it runs once, is answered once and settled", async () => {
    const { proxy, wire, run } = await startBehindProxy();
    const id = nextId++;
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.next("job_progression", id);
    proxy.cut();
    await run.waitFor(reconnected);
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    await wire.next("job_stopped", id);
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
    expect(wire.kinds(id)).toEqual(["job_progression", "job_stopped"]);
    run.signal("SIGTERM");
    await run.end();
    expect(await wire.count(wire.queue)).toEqual({ messages: 0, consumers: 0 });
  });

  it("and a job that ends meanwhile: its answer is kept, and the order that comes again not run", async () => {
    const { proxy, wire, run } = await startBehindProxy();
    const [id, file] = [nextId++, `${folder.path}/go-${nextId}`];
    await wire.sendJob(job(id, { action: "wait_for_file", text: file }));
    await wire.next("job_progression", id);
    proxy.refuse(true);
    proxy.cut();
    await run.waitFor(/was lost/);
    await folder.write(file.slice(folder.path.length + 1), "");
    await run.waitFor(/next attempt[\s\S]*next attempt[\s\S]*next attempt/);
    proxy.refuse(false);
    await wire.next("job_completed", id, 20_000);
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++, 20_000);
    expect(wire.kinds(id)).toEqual(["job_progression", "job_completed"]);
    run.signal("SIGTERM");
    await run.end();
    expect(await wire.count(wire.queue)).toEqual({ messages: 0, consumers: 0 });
  });

  it("without a word is noticed within three heartbeats", async () => {
    const { proxy, wire, run } = await startBehindProxy({ AMQP_HEARTBEAT: "1" });
    const startMs = performance.now();
    proxy.fallSilent();
    // The broker notices it as well, and may be the first to close.
    await run.waitFor(/was lost: (Heartbeat timeout|Unexpected close)/);
    // And what a busy machine adds.
    expect(performance.now() - startMs).toBeLessThan(3500);
    await run.waitFor(reconnected);
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++, 20_000);
  });

  it("again and again under load: every job is answered", async () => {
    const { proxy, wire } = await startBehindProxy();
    const ids = Array.from({ length: 200 }, () => nextId++);
    await Promise.all(ids.map((id) => wire.sendJob(job(id))));
    for (const id of ids) {
      await wire.next("job_completed", id, 20_000);
      if (id % 40 === 0) proxy.cut();
    }
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

describe("a consumer that the broker ends", { timeout: 30_000 }, () => {
  it("because its queue was deleted is made again, with the queue", async () => {
    const { wire, run } = await start();
    await wire.channel.deleteQueue(wire.queue);
    await run.waitFor(
      /the broker ended the consumer of job_\d+[\s\S]*Connected to the broker \S+ \(\S+ \(consumes\)\)/,
    );
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
  });
});

/** Takes a job from a queue and dies with it. */
async function loseOnce(url: string, queue: string): Promise<void> {
  const other = await Wire.open(url, queue);
  if (!(await other.channel.get(queue))) throw new Error("there was no job to lose");
  await other.close();
}

describe("a job whose worker was lost", { timeout: 30_000 }, () => {
  it("on a classic queue is put back with one death more, and run unless those are too many", async () => {
    const { wire } = await start({ env: { MESSAGE_TTL_LIMIT: "1" } });
    const before = {
      headers: { "x-death": [{ count: { "!": "long", value: 1 }, queue: wire.queue, reason: "rejected" }] },
    };
    for (const [properties, kind] of [
      [{}, "job_completed"],
      [before, "job_error"],
    ] as const) {
      const id = nextId++;
      await wire.sendDirect({ type: "stop_consuming_jobs" });
      await wire.next("worker_status");
      await wire.sendJob(job(id), properties);
      await loseOnce(urlOf(virtualHost()), wire.queue);
      await wire.sendDirect({ type: "resume_consuming_jobs" });
      await wire.next("worker_status");
      await wire.next(kind, id);
      expect(wire.kinds(id).filter((one) => one !== "job_progression")).toEqual([kind]);
    }
  });

  it("on a quorum queue is run at once, and counted by the queue", async () => {
    const env = { AMQP_SERVER_CONFIGURATION: "cluster", MESSAGE_TTL_LIMIT: "1" };
    const worker = await startWorker(folder, quorumHost(), { env });
    opened.push(worker);
    const { wire } = worker;
    const [once, twice] = [nextId++, nextId++];
    for (const [id, losses] of [
      [once, 1],
      [twice, 2],
    ] as const) {
      await wire.sendDirect({ type: "stop_consuming_jobs" });
      await wire.next("worker_status");
      await wire.sendJob(job(id));
      for (let i = 0; i < losses; i++) await loseOnce(urlOf(quorumHost()), wire.queue);
      await wire.sendDirect({ type: "resume_consuming_jobs" });
      await wire.next("worker_status");
      await wire.next(id === once ? "job_completed" : "job_error", id);
    }
    expect(wire.kinds(twice)).toEqual(["job_error"]);
  });
});

/** Takes the order of a quorum queue and gives it back, as a worker does that has another job in hand. */
async function giveBack({ queue, channel }: Wire): Promise<void> {
  await channel.prefetch(1);
  const message = await new Promise<ConsumeMessage | null>((resolve) => {
    void channel.consume(queue, resolve, { consumerTag: "busy" });
  });
  await channel.cancel("busy");
  if (!message) throw new Error("the queue was deleted");
  const delivery = toDelivery(message, channel, {
    queueName: queue,
    direct: false,
    cluster: true,
    username: "guest",
    isOpen: () => true,
    publish: async ({ exchange, routingKey, body, properties }) => {
      channel.publish(exchange, routingKey, Buffer.from(body), properties);
      await channel.waitForConfirms();
    },
  });
  await delivery.settle("give_back");
}

describe("a job whose worker lost its connection", { timeout: 30_000 }, () => {
  it("is known to it again on a quorum queue, also after another worker gave the order back", async () => {
    const { proxy, wire, run } = await startBehindProxy({ AMQP_SERVER_CONFIGURATION: "cluster" }, quorumHost());
    const id = nextId++;
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.next("job_progression", id);
    proxy.refuse(true);
    proxy.cut();
    await giveBack(wire);
    await giveBack(wire);
    proxy.refuse(false);
    await run.waitFor(reconnected);
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    await wire.next("job_stopped", id);
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
    expect(wire.kinds(id)).toEqual(["job_progression", "job_stopped"]);
  });
});

describe("several hosts", { timeout: 30_000 }, () => {
  it("are tried in turn", async () => {
    const { wire } = await start({ env: { AMQP_HOSTNAME: `127.0.0.1:1,127.0.0.1:${virtualHost().port}` } });
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
  });
});

describe("TLS", { timeout: 30_000 }, () => {
  const env = (more: Record<string, string>) => ({
    AMQP_TLS: "true",
    AMQP_PORT: String(virtualHost().tlsPort),
    ...more,
  });

  it("takes a broker whose certificate is trusted", async () => {
    const { wire } = await start({ env: env({ AMQP_TLS_CERT: virtualHost().caFile ?? "" }) });
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
  });

  it("refuses one that is not, unless told otherwise", async () => {
    const refused = await runWorkerOn(folder, virtualHost(), "job_tls", { env: env({}) }).end();
    expect(refused.exitCode).toBe(73);
    expect(refused.stderr).toMatch(/TLS failed: .*certificate.*AMQP_TLS_CERT/);
    await start({ env: env({ AMQP_TLS_VERIFY: "false" }) });
  });
});

describe("a deadline", { timeout: 30_000 }, () => {
  it.each(["checkpoints", "poll", "deaf"])(
    "ends a job that is %s by an error, and goes on with the next",
    async (action) => {
      const { wire } = await start({ env: { MCAI_JOB_TIMEOUT_MS: "300", MCAI_STOP_GRACE_MS: "300" } });
      const id = nextId++;
      await wire.sendJob(job(id, { action }));
      await wire.sendJob(job(nextId));
      const { body } = await wire.next("job_error", id);
      expect(body.parameters).toMatchObject([{ value: expect.stringMatching(/took longer than/) }]);
      await wire.next("job_completed", nextId++);
    },
  );
});

describe("health", { timeout: 30_000 }, () => {
  it("tells over HTTP how the worker is, and drains it", async () => {
    // A port that nobody has now.
    const placeholder = await FaultProxy.open(0);
    const { port } = placeholder;
    await placeholder.close();
    const { wire, run, proxy } = await startBehindProxy({
      MCAI_HTTP_PORT: String(port),
      MCAI_THREAD_SILENCE_LIMIT_MS: "1000",
    });
    const get = (path: string, options?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, options);
    const until = async (path: string, status: number) => {
      for (;;) {
        const response = await get(path);
        if (response.status === status) return response;
        await response.arrayBuffer();
      }
    };
    expect(await (await until("/readyz", 200)).json()).toEqual({ takingJobs: true, consuming: true, publishing: true });
    expect((await get("/healthz")).status).toBe(200);
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
    const id = nextId++;
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.next("job_progression", id);
    expect(await (await get("/status")).json()).toMatchObject({ job: { job_id: id }, worker: { activity: "Busy" } });
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/mcai_jobs_total\{status="completed"\} 1/);
    expect(metrics).toMatch(/mcai_jobs_in_hand 1/);
    expect(metrics).toMatch(/nodejs_eventloop_lag_seconds/);
    // The job thread is deaf, and that is too long.
    expect(await (await until("/healthz", 503)).json()).toMatchObject({ secondsSinceProgress: expect.any(Number) });
    proxy.refuse(true);
    proxy.cut();
    await until("/readyz", 503);
    proxy.refuse(false);
    await until("/readyz", 200);
    expect((await get("/drain")).status).toBe(405);
    expect((await get("/drain", { method: "POST", headers: { origin: "http://evil.example" } })).status).toBe(403);
    expect((await get("/drain", { method: "POST" })).status).toBe(202);
    await run.waitFor(/going down/);
    expect((await get("/readyz")).status).toBe(503);
    // The orchestrator's signal after the hook is no second one.
    run.signal("SIGTERM");
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    await wire.next("job_stopped", id);
    expect((await run.end()).exitCode).toBe(0);
  });
});
