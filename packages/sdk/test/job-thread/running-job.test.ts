import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { defineWorker, type Job, JobStopped, Secret, Type } from "../../src/index.ts";
import { RunningJob } from "../../src/job-thread/running-job.ts";
import { fromStore, type RunJobOptions, runJob, type TestResponse } from "../../src/testing.ts";
import { StopFlag } from "../../src/thread-protocol/stop-flag.ts";
import { silentLog } from "../support/silent-log.ts";

/** Runs a job, and returns the percents that it sent. */
async function sentBy(worker: Parameters<typeof runJob>[0], options: RunJobOptions = {}): Promise<number[]> {
  const sent: number[] = [];
  const onResponse = ({ kind, body }: TestResponse) => kind === "job_progression" && sent.push(body.progression);
  expect(await runJob(worker, {}, { ...options, onResponse })).toMatchObject({ status: "completed" });
  return sent;
}

describe("a job", () => {
  it("sends each whole percent once, however often progress is called", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => {
        for (let i = 0; i <= 1_000_000; i++) job.progress(i / 10_000);
      },
    });
    expect(await sentBy(worker)).toEqual(Array.from({ length: 101 }, (_, i) => i));
  });

  it("lists in the test kit what progress was called with", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => [20, 10, 10, 12.5, -5, 300].forEach((percent) => void job.progress(percent)),
    });
    expect((await runJob(worker, {})).progress).toEqual([20, 10, 10, 12.5, -5, 300]);
  });

  it("sends a percent that does not rise twice a second, also if the job never yields", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => {
        const endMs = performance.now() + 1300;
        for (let i = 0; performance.now() < endMs; i++) job.progress(i % 2 ? 10 : 20);
      },
    });
    expect(await sentBy(worker)).toEqual([0, 20, 10, 20]);
  });

  it("sends the newest percent that does not rise when its time comes, and none after the end", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      async process(_, job) {
        for (const percent of [50, 10, 30, 20]) job.progress(percent);
        await delay(150);
        job.progress(40);
        setTimeout(() => job.progress(99), 20);
      },
    });
    const environment = { MCAI_PROGRESS_INTERVAL_MS: "50" };
    expect(await sentBy(worker, { environment })).toEqual([0, 50, 20]);
  });

  it("limits progress to 0–100, and rejects NaN", async () => {
    const told = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => [-5, 0.9, 300, Number.POSITIVE_INFINITY].forEach((percent) => void job.progress(percent)),
    });
    expect(await sentBy(told)).toEqual([0, 100]);
    const wrong = defineWorker({ parameters: Type.Object({}), process: (_, job) => job.progress(Number.NaN) });
    expect((await runJob(wrong, {})).message).toMatch(/job\.progress: expected a number from 0 to 100/);
  });

  it("stops at a checkpoint, through its signal or by polling, and keeps the result that it returns", async () => {
    const parameters = Type.Object({});
    const ways = {
      checkpoint: async (job: Job) => {
        for (;;) await job.checkpoint();
      },
      signal: (job: Job) =>
        new Promise((_, reject) => job.signal.addEventListener("abort", () => reject(job.signal.reason))),
      abortError: (job: Job) =>
        import("node:timers/promises").then((t) => t.setTimeout(60_000, 0, { signal: job.signal })),
      polling: async (job: Job) => {
        while (!job.stopped) await new Promise((resolve) => setImmediate(resolve));
      },
    };
    for (const [name, wait] of Object.entries(ways)) {
      const worker = defineWorker({
        parameters,
        async process(_, job) {
          job.progress(50);
          await wait(job);
          return { parameters: { kept: name } };
        },
      });
      const outcome = await runJob(worker, {}, { stopAfterProgress: 50 });
      expect(outcome, name).toMatchObject({ status: "stopped", parameters: name === "polling" ? { kept: name } : {} });
    }
  });

  it("names its timeout if that aborts the call that it awaits", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => delay(60_000, undefined, { signal: job.signal }),
    });
    const outcome = await runJob(worker, {}, { environment: { MCAI_JOB_TIMEOUT_MS: "20" } });
    expect(outcome).toMatchObject({
      status: "error",
      message: "The job took longer than MCAI_JOB_TIMEOUT_MS allows. [JOB_TIMEOUT]",
    });
  });

  it("aborts its signal when throwIfStopped passes a result", () => {
    const stopFlag = new StopFlag();
    const quiet = { progressIntervalMs: 500, sendProgress() {} };
    const job = new RunningJob({ id: 1, attempt: 1, serial: 7, threads: 1, stopFlag, log: silentLog, ...quiet });
    const { signal } = job;
    stopFlag.raise(7, "order");
    expect(() => job.throwIfStopped({ parameters: { tiles: 3 } })).toThrow(JobStopped);
    expect(signal.aborted).toBe(true);
  });

  it("keeps the result that it passes to throwIfStopped or checkpoint", async () => {
    const results = Type.Object({ tiles: Type.Integer() });
    const stopped = (job: Job) => job.stopped;
    const ways = {
      throwIfStopped: (job: Job<typeof results>) => job.throwIfStopped({ parameters: { tiles: 3 } }),
      checkpoint: (job: Job<typeof results>) =>
        job.checkpoint({ destinationPaths: ["/tiles"], parameters: { tiles: 3 } }),
      // @ts-expect-error: tiles is an integer
      wrong: (job: Job<typeof results>) => job.throwIfStopped({ parameters: { tiles: "3" } }),
      // @ts-expect-error: tiles is an integer
      wrongAtCheckpoint: (job: Job<typeof results>) => job.checkpoint({ parameters: { tiles: "3" } }),
    };
    const outcomeOf = (stop: (job: Job<typeof results>) => void | Promise<void>) =>
      runJob(
        defineWorker({
          parameters: Type.Object({}),
          results,
          async process(_, job) {
            await stop(job);
            job.progress(1);
            while (!stopped(job)) await new Promise((resolve) => setImmediate(resolve));
            await stop(job);
            return { parameters: { tiles: 0 } };
          },
        }),
        {},
        { stopAfterProgress: 1 },
      );
    expect(await outcomeOf(ways.throwIfStopped)).toMatchObject({ status: "stopped", parameters: { tiles: 3 } });
    expect(await outcomeOf(ways.checkpoint)).toMatchObject({
      status: "stopped",
      parameters: { tiles: 3 },
      destinationPaths: ["/tiles"],
    });
    expect(await outcomeOf((job) => job.throwIfStopped())).toMatchObject({ status: "stopped", parameters: {} });
    expect((await outcomeOf(ways.wrong)).message).toContain('parameters.tiles: expected integer, got "3" (string)');
  });

  it("fails if it throws another error after a stop", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      async process(_, job) {
        job.progress(1);
        await job.checkpoint().catch(() => undefined);
        while (!job.stopped) await new Promise((resolve) => setImmediate(resolve));
        throw new Error("disk full");
      },
    });
    expect(await runJob(worker, {}, { stopAfterProgress: 1 })).toMatchObject({
      status: "error",
      message: "Error: disk full",
    });
  });

  it("stops if it throws JobStopped", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: () => {
        throw new JobStopped("taken down", { result: { parameters: { tiles: 3 } } });
      },
    });
    expect(await runJob(worker, {})).toMatchObject({ status: "stopped", parameters: { tiles: 3 } });
  });

  it.each<[string, unknown, string]>([
    ["an error", new RangeError("too far"), "RangeError: too far"],
    ["a string", "just a text", "just a text"],
    ["undefined", undefined, "thrown value: nothing"],
  ])("fails if it throws %s", async (_, thrown, message) => {
    const worker = defineWorker({ parameters: Type.Object({}), process: () => Promise.reject(thrown) });
    expect(await runJob(worker, {})).toMatchObject({ status: "error", message });
  });

  it("has at least one thread, and as many as MCAI_THREADS sets", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => ({ parameters: { n: job.threads } }),
    });
    expect((await runJob(worker, {})).parameters.n).toBeGreaterThanOrEqual(1);
    expect((await runJob(worker, {}, { environment: { MCAI_THREADS: "3" } })).parameters).toEqual({ n: 3 });
  });

  it("shows no secret in its error, whether from the order or from a store", async () => {
    const worker = defineWorker({
      parameters: Type.Object({ inline: Secret(), stored: Type.String() }),
      process: ({ inline, stored }) => {
        throw new Error(`401 for https://u:${encodeURIComponent(stored)}@host/${inline}`);
      },
    });
    const outcome = await runJob(
      worker,
      { inline: "sesame-1", stored: fromStore("BACKEND", "KEY") },
      { stores: { BACKEND: { KEY: "p@ss/word" } } },
    );
    expect(outcome.message).toBe("Error: 401 for https://[redacted]@host/[redacted]");
  });
});
