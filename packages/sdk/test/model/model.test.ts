import fc from "fast-check";
import { expect, it } from "vitest";
import { startTestWorker } from "../../src/testing.ts";
import { about, direct, job } from "../support/test-orders.ts";
import { gated, kinds } from "../support/test-workers.ts";
import { sequences } from "./model-commands.ts";
import { ModelWorld } from "./model-world.ts";

// `pnpm model --runs 10000 --seed 1` sets them.
const runs = Number(process.env.MCAI_MODEL_RUNS ?? 300);
const seed = Number(process.env.MCAI_MODEL_SEED ?? 17);

it(`every order is settled once and every job answered, in ${runs} sequences from seed ${seed}`, async () => {
  const startMs = performance.now();
  const counts = { sequences: 0, orders: 0, responses: 0, jobs: 0, threads: 0, maxWaiting: 0 };
  const heapsMB: number[] = [];
  await fc.assert(
    fc.asyncProperty(sequences, async (commands) => {
      const world = await ModelWorld.start();
      await fc.asyncModelRun(() => ({ model: {}, real: world }), commands);
      expect(await world.finish()).toEqual([]);
      const { broker, thread } = world;
      counts.sequences++;
      counts.orders += broker.sent.length;
      counts.responses += broker.published.length;
      counts.jobs += thread.begun.length;
      counts.threads += thread.launches;
      counts.maxWaiting = Math.max(counts.maxWaiting, broker.maxWaiting);
      if (counts.sequences % Math.ceil(runs / 10) === 0)
        heapsMB.push(Math.round(process.memoryUsage().heapUsed / 2 ** 20));
    }),
    { numRuns: runs, seed, endOnFailure: runs > 1000 },
  );
  const seconds = Math.round((performance.now() - startMs) / 1000);
  console.log(`model: ${JSON.stringify({ seed, ...counts, seconds, heapsMB })}`);
}, 3_600_000);

// What the sequences found.
it("a job with a stop order is answered when the worker shuts down, and does not return to its queue", async () => {
  const worker = await startTestWorker(gated().worker);
  const sent = worker.send(job(1));
  await worker.next("job_progression");
  const stopped = worker.send(about("stop_process", 1), direct);
  await worker.close();
  expect(kinds(worker)).toEqual(["job_progression", "job_stopped", "worker_terminated"]);
  expect(await Promise.all([sent, stopped])).toEqual(["acknowledge", "acknowledge"]);
});

it("an order for the current job that was sent twice is settled with it", async () => {
  const { worker: definition, open } = gated();
  const worker = await startTestWorker(definition);
  const sent = worker.send(job(1));
  await worker.next("job_progression");
  const again = worker.send(job(1), { ...direct, redelivered: true });
  expect(await sent).toBe("acknowledge");
  open();
  expect(await again).toBe("acknowledge");
  await worker.close();
  expect(kinds(worker)).toEqual(["job_progression", "job_completed", "worker_terminated"]);
});
