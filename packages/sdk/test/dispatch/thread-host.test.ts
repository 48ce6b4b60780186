import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { job, openWorkersFolder, runOrders, runToEnd, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

it("ignores what the user's module posts to the main thread", { timeout: 30_000 }, async () => {
  const run = await runOrders(folder, [job(70, { action: "post_to_parent" }), job(71)]);
  expect(run.exitCode).toBe(0);
  expect(run.responses("Completed")).toMatchObject([{ job_id: 70 }, { job_id: 71 }]);
});

describe.concurrent("an unexpected exit of the job thread", { timeout: 30_000 }, () => {
  it.each([
    ["an exception outside the promise of the job", "throw_outside", "Error: thrown outside: no tiles"],
    ["an unhandled rejection", "lose_promise", "Error: lost: no tiles"],
    ["process.exit", "exit", "exit code 7"],
    ["a full heap", "fill_heap", "its heap is full"],
  ])("by %s fails the job, and the next job runs in a new thread", async (_, action, why) => {
    const env = { NODE_OPTIONS: "--max-old-space-size=64" };
    const run = await runOrders(folder, [job(70), job(71, { action, text: "no tiles" }), job(72)], env);
    expect(run.exitCode).toBe(1);
    expect(run.responses("Error")).toMatchObject([
      { job_id: 71, status: "error", parameters: [{ id: "message", value: expect.stringContaining(why) }] },
    ]);
    expect(run.responses("Completed")).toMatchObject([{ job_id: 70 }, { job_id: 72 }]);
    expect(run.stdout).toBe("setup\nsetup\n");
  });

  it("ends the process after ten in a row", async () => {
    const orders = Array.from({ length: 12 }, (_, index) => job(71 + index, { action: "exit" }));
    const run = await runOrders(folder, orders);
    expect(run.exitCode).toBe(71);
    expect(run.responses("Error").map(({ job_id }) => job_id)).toEqual(orders.slice(0, 10).map(({ job_id }) => job_id));
    expect(run.stderr).toContain("exited unexpectedly 10 times in a row");
  });

  it("ends the process if the setup of the new thread fails", async () => {
    const marker = join(folder.path, "was-set-up");
    await folder.write(
      "once.mjs",
      `import { existsSync, writeFileSync } from "node:fs";
       import actions from "./actions.mjs";
       function setup() {
         if (existsSync("was-set-up")) throw new Error("the model is gone");
         writeFileSync("was-set-up", "");
       }
       export default { ...actions, setup };`,
    );
    const SOURCE_ORDERS = await writeOrders(folder, [job(71, { action: "exit" }), job(72)]);
    const run = await runToEnd(folder, { worker: "./once.mjs", env: { SOURCE_ORDERS } });
    expect(existsSync(marker)).toBe(true);
    expect(run.exitCode).toBe(70);
    expect(run.stderr).toContain("The worker's setup failed: Error: the model is gone");
    expect(run.responses("Error")).toMatchObject([{ job_id: 71 }]);
    expect(run.responses("Completed")).toEqual([]);
  });
});
