import { readFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import { job, openWorkersFolder, runToEnd, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

// A main that opens all files that it may, but for some.
await folder.write(
  "greedy.mjs",
  `import { closeSync, openSync } from "node:fs";
   import { runWorker } from "@mcai/worker-sdk";
   const files = [];
   try { for (;;) files.push(openSync("/dev/null")); } catch {}
   for (const file of files.splice(0, Number(process.env.FREE))) closeSync(file);
   await runWorker(new URL(process.argv[2], import.meta.url));`,
);

describe.concurrent("a process without open files left", { timeout: 30_000 }, () => {
  it.each(["0", "1", "3", "5"])("ends with a named error if it starts with %s", async (FREE) => {
    const env = { FREE, SOURCE_ORDERS: await writeOrders(folder, [job(71)]) };
    const { exitCode, stderr } = await runToEnd(folder, { main: "greedy.mjs", env });
    expect(stderr).toMatch(
      /too many open files: .*EMFILE.*; the limit of this process is \d+.*\[OPEN_FILES_EXHAUSTED\]\n$/s,
    );
    expect(exitCode).toBe(78);
  });

  it("logs in a job, for the first time", async () => {
    await folder.write(
      "late-log.mjs",
      `import { openSync } from "node:fs";
       import actions from "./actions.mjs";
       export default { ...actions, process(_, job) {
         try { for (;;) openSync("/dev/null"); } catch {}
         job.log.warn("the first line");
       } };`,
    );
    const FILE_LOGGING = await folder.write("late.log", "");
    const env = { MCAI_LOG: "warn", FILE_LOGGING, SOURCE_ORDERS: await writeOrders(folder, [job(71)]) };
    const { exitCode, stderr } = await runToEnd(folder, { worker: "./late-log.mjs", env });
    expect(stderr).toMatch(/ - 71 - WARN - the first line\n$/);
    expect(readFileSync(FILE_LOGGING, "utf8")).toBe(stderr);
    expect(exitCode).toBe(0);
  });
});
