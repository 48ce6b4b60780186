import { afterAll, describe, expect, it } from "vitest";
import { job, openWorkersFolder, runOrders, runToEnd, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

describe.concurrent("a local run", { timeout: 30_000 }, () => {
  it("leaves standard output to the worker's module", async () => {
    const run = await runOrders(folder, [job(71, { action: "print", count: 20_000 }), job(72, { action: "fail" })]);
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\n`);
    expect(run.stdout === `setup\n${lines.join("")}`, `${run.stdout.length} characters`).toBe(true);
  });

  it("loses nothing of what the worker prints as it goes down", async () => {
    await folder.write(
      "talks-at-the-end.mjs",
      `import actions from "./actions.mjs";
       function teardown() { for (let line = 1; line <= 1000; line++) console.log(\`line \${line}\`); }
       export default { ...actions, teardown };`,
    );
    const SOURCE_ORDERS = await writeOrders(folder, [job(71)]);
    const run = await runToEnd(folder, { worker: "./talks-at-the-end.mjs", env: { SOURCE_ORDERS } });
    expect(run.stdout.split("\n").slice(-2)).toEqual(["line 1000", ""]);
    expect(run.exitCode).toBe(0);
  });
});
