import { afterAll, describe, expect, it } from "vitest";
import { FaultProxy } from "../../../../chaos/fault-proxy.mjs";
import { useVirtualHost } from "../support/broker.ts";
import { runWorkerOn, startWorker, type WorkerOnBroker } from "../support/broker-worker.ts";
import { job, openWorkersFolder } from "../support/run-local.ts";

const virtualHost = useVirtualHost();
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
