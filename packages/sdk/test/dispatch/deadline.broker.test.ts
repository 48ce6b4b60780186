import { describe, expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const { start } = await useWorkers(virtualHost);

let nextId = 500;

describe("MCAI_JOB_TIMEOUT_MS", { timeout: 30_000 }, () => {
  it.each([
    ["awaits checkpoints", "checkpoints"],
    ["polls job.stopped", "poll"],
    ["is unresponsive", "unresponsive"],
  ])("fails a job that %s and takes too long, and runs the next job", async (_, action) => {
    const env = { MCAI_JOB_TIMEOUT_MS: "300", MCAI_STOP_GRACE_MS: "300" };
    const { wire } = await start({ env });
    const id = nextId++;
    await wire.sendJob(job(id, { action }));
    await wire.sendJob(job(nextId));
    const { body } = await wire.next("job_error", id);
    expect(body.parameters).toMatchObject([{ value: expect.stringMatching(/took longer than/) }]);
    await wire.next("job_completed", nextId++);
  });
});
