import { afterAll, describe, expect, it } from "vitest";
import { job, openWorkersFolder, runOrders, runToEnd, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

describe.concurrent("standard output of the worker", { timeout: 30_000 }, () => {
  it("has only what the worker's module prints", async () => {
    const run = await runOrders(folder, [job(71, { action: "print", count: 20_000 }), job(72, { action: "fail" })]);
    const lines = Array.from({ length: 20_000 }, (_, index) => `line ${index + 1}\n`);
    expect(run.stdout === `setup\n${lines.join("")}`, `${run.stdout.length} characters`).toBe(true);
  });

  it("loses nothing that teardown prints", async () => {
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
