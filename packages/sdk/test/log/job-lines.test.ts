import { afterAll, describe, expect, it } from "vitest";
import { job, LocalRun, openWorkersFolder, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

await folder.write(
  "odd-results.mjs",
  `import { setTimeout as delay } from "node:timers/promises";
   import { defineWorker, JobPostponed, McaiError, Secret, Type } from "@mcai/worker-sdk";
   export default defineWorker({
     parameters: Type.Object({ action: Type.String(), password: Type.Optional(Secret()) }),
     results: Type.Object({ hits: Type.Integer(), text: Type.Optional(Type.String()) }),
     async process({ action, password }, job) {
       if (action === "wrong") return { parameters: { hits: 1.5, text: 7 } };
       if (action === "own") throw new McaiError("STORE_FAILED", "mine", { cause: new RangeError("deeper") });
       if (action === "later") throw new JobPostponed("no licence is free");
       if (action === "slow") for (let i = 1; i <= 24; i++) await delay(100, job.progress(4 * i));
       return { destinationPaths: ["/a.json"], parameters: { hits: 3, text: password ?? "x".repeat(100_000) } };
     },
   });`,
);

type Line = Readonly<Record<string, unknown>>;

async function linesOf(orders: readonly object[], env: Readonly<Record<string, string>> = {}): Promise<Line[]> {
  const SOURCE_ORDERS = await writeOrders(folder, orders);
  const ran = new LocalRun(folder, {
    worker: "./odd-results.mjs",
    env: { SOURCE_ORDERS, ONLY_JSON_LOGS: "1", MCAI_LOG: "info", ...env },
  });
  const { stderr } = await ran.end();
  return stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);
}

const about = (lines: readonly Line[], jobId: number) => lines.filter(({ job_id }) => job_id === jobId);

describe.concurrent("the log of a job", { timeout: 30_000 }, () => {
  it("has one line at its start and one at its end, each with fields of its own", async () => {
    const lines = await linesOf([job(71, { action: "complete" })]);
    expect(about(lines, 71)).toMatchObject([
      { level: "info", msg: "Job started.", status: "started" },
      {
        level: "info",
        msg: expect.stringMatching(/^Job completed after \d+ ms\.$/),
        status: "completed",
        duration_ms: expect.any(Number),
        destination_paths: ["/a.json"],
        parameters: { hits: 3, text: expect.stringMatching(/^x{256}… \(100000 characters\)$/) },
      },
    ]);
  });

  it("has every fault of a job that failed, with its code, at ERROR", async () => {
    const lines = await linesOf([job(71, { action: "wrong" })], { MCAI_LOG: "error" });
    expect(lines).toMatchObject([
      {
        level: "error",
        job_id: 71,
        status: "error",
        code: "RESULT_INVALID",
        duration_ms: expect.any(Number),
        faults: [{ path: "parameters.hits" }, { path: "parameters.text" }],
        msg: expect.stringMatching(/^Job failed after \d+ ms: [\s\S]*\[RESULT_INVALID\]$/),
      },
    ]);
  });

  it("has the stack and the causes of what the worker threw, and no code", async () => {
    const lines = await linesOf([job(71, { action: "own" })]);
    const [, end] = about(lines, 71);
    expect(end).toMatchObject({ level: "error", msg: expect.stringMatching(/: mine$/), status: "error" });
    expect(end).not.toHaveProperty("code");
    expect(end?.stack).toMatch(/at .*odd-results\.mjs:8:\d+[\s\S]*Caused by: RangeError: deeper[\s\S]*:8:\d+/);
  });

  it("says by its code that a postponed job cannot return", async () => {
    const [, end] = about(await linesOf([job(71, { action: "later" })]), 71);
    const msg = expect.stringMatching(/: no licence is free \[JOB_POSTPONED\]$/);
    expect(end).toMatchObject({ level: "error", status: "error", code: "JOB_POSTPONED", msg });
  });

  it("says of a job that is not run why", async () => {
    const expired = { type: "reached_expiration", ...job(71) };
    const orders = [expired, { job_id: 72, parameters: 7 }, { type: "stop_process", ...job(73) }];
    const lines = await linesOf(orders);
    expect(about(lines, 71)).toMatchObject([
      { level: "error", status: "error", msg: "Job not run: Job TTL has been reached." },
    ]);
    expect(about(lines, 72)).toMatchObject([{ level: "error", status: "error", code: "ORDER_INVALID" }]);
    expect(about(lines, 73)).toMatchObject([{ level: "warn", status: "rejected" }]);
  });

  it("has a short line about progress at most once a second", async () => {
    const lines = await linesOf([job(71, { action: "slow" })]);
    const percents = about(lines, 71).flatMap(({ progress }) => (progress === undefined ? [] : [progress]));
    expect(percents[0]).toBe(4);
    expect(percents.length).toBeGreaterThanOrEqual(3);
    expect(percents.length).toBeLessThanOrEqual(4);
    expect(JSON.stringify(lines)).not.toContain("system_info");
  });

  it("has each response whole at DEBUG, but no secret", async () => {
    const password = { id: "password", type: "string", value: "hunter2hunter2" };
    const order = { job_id: 71, parameters: [...job(71, { action: "complete" }).parameters, password] };
    const lines = await linesOf([order], { MCAI_LOG: "debug" });
    const responses = lines.filter(({ response }) => response !== undefined);
    expect(responses.map(({ msg, level }) => [msg, level])).toEqual([
      ["Feedback", "debug"],
      ["Completed", "debug"],
    ]);
    expect(responses[1]?.response).toMatchObject({
      job_id: 71,
      status: "completed",
      parameters: [{ id: "hits", value: 3 }, { value: "[redacted]" }],
    });
    expect(JSON.stringify(lines)).not.toContain("hunter2hunter2");
  });
});
