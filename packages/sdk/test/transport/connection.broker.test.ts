import { describe, expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const { folder, start, startBehindProxy, run: runWorker } = await useWorkers(virtualHost);

let nextId = 500;
const reconnected = /was lost[\s\S]*Connected to the broker \S+ \(\S+ \(consumes\)\)/;

describe("a worker that loses its connection", { timeout: 60_000 }, () => {
  it("finishes the current job, answers it once and acknowledges it", async () => {
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

  it("sends the response of a job that ended in the meantime, and does not run its redelivered order", async () => {
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

  it("notices a silent connection within three heartbeats", async () => {
    const { proxy, wire, run } = await startBehindProxy({ AMQP_HEARTBEAT: "1" });
    const startMs = performance.now();
    proxy.fallSilent();
    // The broker notices it as well and may close the connection first.
    await run.waitFor(/was lost: (Heartbeat timeout|Unexpected close)/);
    // With a margin for a busy machine.
    expect(performance.now() - startMs).toBeLessThan(3500);
    await run.waitFor(reconnected);
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++, 20_000);
  });

  it("answers every job, even if it loses the connection repeatedly under load", async () => {
    const { proxy, wire } = await startBehindProxy();
    const ids = Array.from({ length: 200 }, () => nextId++);
    await Promise.all(ids.map((id) => wire.sendJob(job(id))));
    for (const id of ids) {
      await wire.next("job_completed", id, 20_000);
      if (id % 40 === 0) proxy.cut();
    }
  });
});

describe("a consumer that the broker cancels", { timeout: 30_000 }, () => {
  it("is created again with its queue if the queue was deleted", async () => {
    const { wire, run } = await start();
    await wire.channel.deleteQueue(wire.queue);
    await run.waitFor(
      /the broker cancelled the consumer of job_\d+[\s\S]*Connected to the broker \S+ \(\S+ \(consumes\)\)/,
    );
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
  });
});

describe("AMQP_HOSTNAME with several hosts", { timeout: 30_000 }, () => {
  it("connects to the first that answers", async () => {
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

  it("accepts a broker with a trusted certificate", async () => {
    const { wire } = await start({ env: env({ AMQP_TLS_CERT: virtualHost().caFile ?? "" }) });
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
  });

  it("rejects a broker with an untrusted certificate, unless AMQP_TLS_VERIFY is false", async () => {
    const refused = await runWorker("job_tls", { env: env({}) }).end();
    expect(refused.exitCode).toBe(73);
    expect(refused.stderr).toMatch(/TLS failed: .*certificate.*AMQP_TLS_CERT/);
    await start({ env: env({ AMQP_TLS_VERIFY: "false" }) });
  });
});
