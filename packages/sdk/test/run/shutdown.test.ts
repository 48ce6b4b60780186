import { afterAll, describe, expect, it } from "vitest";
import { job, LocalRun, openWorkersFolder, startOrders, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

// Longer than the timeout of a test, so that the grace period cannot have ended the job.
const noGrace = { MCAI_STOP_GRACE_MS: "600000" };

/** Starts a run of two jobs, and waits until the first is at 30 percent. */
async function startJob(action: string, env: Readonly<Record<string, string>> = {}) {
  const run = await startOrders(folder, [job(71, { action }), job(72)], env);
  await run.waitFor(/"Feedback":\{"job_id":71,"progression":30,/);
  return run;
}

describe.concurrent("a signal", { timeout: 30_000 }, () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)(
    "%s stops a job that never yields, keeps its results and skips the other jobs",
    async (signal, exitCode) => {
      const run = await startJob("poll", noGrace);
      run.signal(signal);
      const ended = await run.end();
      expect(ended.exitCode).toBe(exitCode);
      expect(ended.responses("Stopped")).toMatchObject([
        { job_id: 71, status: "stopped", destination_paths: ["/half.json"], parameters: [{ id: "tiles", value: 3 }] },
      ]);
      expect(ended.responses("WorkerTerminated")).toHaveLength(1);
      expect(ended.stderr.match(/Start to process order/g)).toHaveLength(1);
      expect(ended.responses("Completed")).toEqual([]);
      expect(ended.log.filter(({ level }) => level !== "INFO" && level !== "DEBUG")).toEqual([]);
    },
  );

  it("stops a job that awaits its checkpoints", async () => {
    const run = await startJob("checkpoints", noGrace);
    run.signal("SIGINT");
    const ended = await run.end();
    expect(ended.exitCode).toBe(130);
    expect(ended.responses("Stopped")).toMatchObject([{ job_id: 71, status: "stopped" }]);
    expect(ended.responses("Completed")).toEqual([]);
  });

  it("stops a job that was initialised first", async () => {
    const orders = ["init_process", "start_process"].map((type) => ({ type, ...job(71) }));
    const SOURCE_ORDERS = await writeOrders(folder, orders);
    const run = new LocalRun(folder, { worker: "./live.mjs", env: { SOURCE_ORDERS, ...noGrace } });
    await run.waitFor(/"Feedback":\{"job_id":71,"progression":10,/);
    run.signal("SIGINT");
    const ended = await run.end();
    expect(ended.exitCode).toBe(130);
    expect(ended.responses("Stopped")).toMatchObject([
      { job_id: 71, parameters: [{ id: "words" }, { value: "stopped" }] },
    ]);
  });

  it("ends an unresponsive job and its thread after MCAI_STOP_GRACE_MS", async () => {
    const run = await startJob("unresponsive", { MCAI_STOP_GRACE_MS: "300" });
    run.signal("SIGINT");
    const ended = await run.end();
    expect(ended.exitCode).toBe(130);
    expect(ended.log.find(({ level }) => level === "WARN")).toMatchObject({ jobId: 71, text: /within 300 ms/ });
    expect(ended.responses("Stopped")).toMatchObject([{ job_id: 71, status: "stopped" }]);
    expect(ended.responses("Completed")).toEqual([]);
  });

  it("answers a job that is in a native call as stopped, and aborts the process", async () => {
    const run = await startJob("native_call", { MCAI_STOP_GRACE_MS: "300" });
    run.signal("SIGINT");
    const ended = await run.end();
    expect(ended.exitCode).toBe(134);
    expect(ended.responses("Stopped")).toMatchObject([{ job_id: 71, status: "stopped" }]);
    expect(ended.responses("WorkerTerminated")).toHaveLength(1);
  });

  it("ends the process at once if it is the second", async () => {
    const run = await startJob("stubborn", noGrace);
    run.signal("SIGINT");
    await run.waitFor(/ - 71 - WARN - the stop was seen\n/);
    run.signal("SIGINT");
    const ended = await run.end();
    expect(ended.exitCode).toBe(130);
    expect(ended.responses("Stopped")).toEqual([]);
  });

  it.each(["await new Promise(() => setInterval(() => undefined, 1000))", "for (;;);"])(
    "ends a setup that never returns: %s",
    async (body) => {
      const name = `endless-setup-${body.length}.mjs`;
      await folder.write(
        name,
        `import { writeSync } from "node:fs";
         import actions from "./actions.mjs";
         async function setup() { writeSync(2, "in setup\\n"); ${body} }
         export default { ...actions, setup };`,
      );
      const SOURCE_ORDERS = await writeOrders(folder, [job(71)]);
      const run = new LocalRun(folder, { worker: `./${name}`, env: { SOURCE_ORDERS } });
      await run.waitFor(/in setup\n/);
      run.signal("SIGINT");
      const ended = await run.end();
      expect(ended.exitCode).toBe(130);
      expect(ended.stderr).not.toContain("Start to process order");
    },
  );
});
