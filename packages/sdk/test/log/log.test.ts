import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { job, openWorkersFolder, runOrders, runToEnd, startOrders, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

const esc = "\u001b";

describe.concurrent("the log of a local run", { timeout: 30_000 }, () => {
  it("has the format of the reference", async () => {
    const SOURCE_ORDERS = await writeOrders(folder, [job(71)]);
    const run = await runToEnd(folder, { env: { SOURCE_ORDERS, AMQP_QUEUE: "job_tiles", MCAI_LOG: "info" } });
    const [first] = run.log;
    const texts = run.log.map(({ text }) => text);
    expect(texts).toContain("Worker: @acme/local-worker, version: 1.4.0 (MCAI Worker SDK 2.2.1)");
    expect(texts).toContain(`Start to process order: "${SOURCE_ORDERS}"`);
    for (const { jobId, text } of run.log) expect(jobId).toBe(text.startsWith("Job ") ? 71 : -1);
    expect(texts.slice(-2)).toEqual(["Job started.", expect.stringMatching(/^Job completed after \d+ ms\./)]);
    for (const { queue, level, instanceId } of run.log)
      expect([queue, level, instanceId]).toEqual(["job_tiles", "INFO", first?.instanceId]);
    // There is nothing before or between the lines.
    const lines = run.log.map(
      (line) => `${line.time} - ${line.instanceId} - job_tiles - ${line.jobId} - INFO - ${line.text}\n`,
    );
    expect(run.stderr).toBe(lines.join(""));
  });

  it("is one JSON object per line with ONLY_JSON_LOGS=1", async () => {
    const orders = [job(71), job(72, { action: "fail" }), job(73, { action: "throw_outside" }), "no order"];
    const run = await runOrders(folder, orders, { ONLY_JSON_LOGS: "1", FORCE_COLOR: "1" });
    const lines = run.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const line of lines)
      expect(line).toMatchObject({
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        level: expect.stringMatching(/^(debug|info|warn|error)$/),
        instance_id: lines[0]?.instance_id,
        queue: "job_undefined",
        msg: expect.any(String),
      });
    const ended = lines.filter(({ msg }) => /^(Completed|Error)$/.test(String(msg)));
    expect(ended.map(({ job_id }) => job_id)).toEqual([71, 72, 73]);
  });

  it("consists of JSON lines only, even when the worker cannot start", async () => {
    const env = { ONLY_JSON_LOGS: "1", SOURCE_ORDERS: "a.json" };
    const run = await runToEnd(folder, { worker: "./none.mjs", env });
    const lines = run.stderr
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toMatchObject([{ level: "error", msg: expect.stringContaining("none.mjs") }]);
    expect(run.exitCode).toBe(65);
  });

  it.each([
    [{ MCAI_LOG: "debug" }, ["debug", "info", "warn", "error"]],
    [{ MCAI_LOG: undefined }, ["info", "warn", "error"]],
    [{ MCAI_LOG: "WARN" }, ["warn", "error"]],
    [{ MCAI_LOG: "error" }, ["error"]],
    [{ MCAI_LOG: "off" }, []],
    [{ MCAI_LOG: undefined, RUST_LOG: "warn,hyper=debug" }, ["warn", "error"]],
    [{ MCAI_LOG: "debug", RUST_LOG: "error" }, ["debug", "info", "warn", "error"]],
  ])("contains the levels that %o selects", async (env: Record<string, string | undefined>, levels) => {
    const run = await runOrders(folder, [job(71, { action: "log_levels" })], env);
    const shown = run.log.filter(({ text }) => text.startsWith("a line of level"));
    expect(shown.map(({ text }) => text)).toEqual(levels.map((level) => `a line of level ${level} {"tile":3}`));
    expect(shown.map(({ level }) => level.toLowerCase())).toEqual(levels);
    const others = run.log.filter((line) => !shown.includes(line)).map(({ level }) => level.toLowerCase());
    expect(levels).toEqual(expect.arrayContaining(others));
    expect(run.exitCode).toBe(0);
  });

  it("has no colours when standard error is not a terminal", async () => {
    const run = await runOrders(folder, [job(71, { action: "log_levels" })]);
    expect(run.stderr).not.toContain(esc);
  });

  it("has colours with FORCE_COLOR=1, and is written to FILE_LOGGING without them", async () => {
    const file = join(folder.path, "worker.log");
    const orders = [job(71, { action: "log_levels" })];
    const run = await runOrders(folder, orders, { FORCE_COLOR: "1", FILE_LOGGING: file });
    for (const level of ["32mINFO", "33mWARN", "31mERROR"])
      expect(run.stderr).toContain(` - ${esc}[${level}${esc}[0m - `);
    const plain = run.stderr.replaceAll(new RegExp(`${esc}\\[\\d+m`, "g"), "");
    expect(plain).not.toBe(run.stderr);
    // Each thread writes a line to both, one after the other, so that lines of the two threads may change places.
    const sorted = (text: string) => text.split("\n").sort();
    expect(sorted(await readFile(file, "utf8"))).toEqual(sorted(plain));
  });

  it("ends the run with exit code 64 if FILE_LOGGING cannot be opened", async () => {
    const file = join(folder.path, "no", "such", "folder", "worker.log");
    const run = await runOrders(folder, [job(71)], { FILE_LOGGING: file });
    expect(run.stderr).toContain("FILE_LOGGING");
    expect(run.stderr).toContain(file);
    expect(run.stderr).not.toMatch(/^ +at /m);
    expect(run.exitCode).toBe(64);
  });

  it("is written while the job blocks its thread", async () => {
    const run = await startOrders(folder, [job(71, { action: "log_and_block" })]);
    await run.waitFor(/ - 71 - INFO - about to block\n/);
    run.signal("SIGKILL");
    expect((await run.end()).exitCode).toBe(137);
  });
});
