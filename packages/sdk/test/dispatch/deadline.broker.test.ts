import { afterAll, describe, expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { startWorker } from "../support/broker-worker.ts";
import { job, openWorkersFolder } from "../support/run-local.ts";

const virtualHost = useVirtualHost();
const folder = await openWorkersFolder();
const opened: { close(): Promise<void> }[] = [{ close: () => folder.remove() }];
afterAll(async () => {
  for (const one of opened.reverse()) await one.close();
});

let nextId = 500;

describe("a deadline", { timeout: 30_000 }, () => {
  it.each(["checkpoints", "poll", "deaf"])(
    "ends a job that is %s by an error, and goes on with the next",
    async (action) => {
      const env = { MCAI_JOB_TIMEOUT_MS: "300", MCAI_STOP_GRACE_MS: "300" };
      const worker = await startWorker(folder, virtualHost(), { env });
      opened.push(worker);
      const { wire } = worker;
      const id = nextId++;
      await wire.sendJob(job(id, { action }));
      await wire.sendJob(job(nextId));
      const { body } = await wire.next("job_error", id);
      expect(body.parameters).toMatchObject([{ value: expect.stringMatching(/took longer than/) }]);
      await wire.next("job_completed", nextId++);
    },
  );
});
