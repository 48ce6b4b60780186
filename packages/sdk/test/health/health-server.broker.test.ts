import { describe, expect, it } from "vitest";
import { FaultProxy } from "../../../../chaos/fault-proxy.mjs";
import { useVirtualHost } from "../support/broker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const { startBehindProxy } = await useWorkers(virtualHost);

let nextId = 500;

describe("the health server", { timeout: 30_000 }, () => {
  it("reports the health, status and metrics of the worker, and drains it", async () => {
    // A port that is free now.
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
    const ready = { takingJobs: true, consuming: true, publishing: true, confirming: true };
    expect(await (await until("/readyz", 200)).json()).toEqual(ready);
    expect((await get("/healthz")).status).toBe(200);
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
    const id = nextId++;
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.next("job_progression", id);
    expect(await (await get("/status")).json()).toMatchObject({ job: { job_id: id }, worker: { activity: "Busy" } });
    const metrics = await (await get("/metrics")).text();
    expect(metrics).toMatch(/mcai_jobs_total\{status="completed"\} 1/);
    expect(metrics).toMatch(/mcai_jobs_in_progress 1/);
    expect(metrics).toMatch(/nodejs_eventloop_lag_seconds/);
    // The job thread has been unresponsive for longer than the limit.
    expect(await (await until("/healthz", 503)).json()).toMatchObject({ secondsSinceProgress: expect.any(Number) });
    proxy.refuse(true);
    proxy.cut();
    await until("/readyz", 503);
    proxy.refuse(false);
    await until("/readyz", 200);
    expect((await get("/drain")).status).toBe(405);
    expect((await get("/drain", { method: "POST", headers: { origin: "http://evil.example" } })).status).toBe(403);
    expect((await get("/drain", { method: "POST" })).status).toBe(202);
    await run.waitFor(/Shutting down/);
    expect((await get("/readyz")).status).toBe(503);
    // The signal of the orchestrator after the hook does not count as a second signal.
    run.signal("SIGTERM");
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    await wire.next("job_stopped", id);
    expect((await run.end()).exitCode).toBe(0);
  });
});
