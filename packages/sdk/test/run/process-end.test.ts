import { execFileSync } from "node:child_process";
import { afterAll, describe, expect, it } from "vitest";
import { job, LocalRun, openWorkersFolder, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

// Starts a process with a child of its own, and one that is detached, then holds the job thread.
await folder.write(
  "parent.mjs",
  `import { spawn } from "node:child_process";
   import { pbkdf2Sync } from "node:crypto";
   import { writeSync } from "node:fs";
   import { setTimeout as delay } from "node:timers/promises";
   import { defineWorker, Type } from "@mcai/worker-sdk";
   export default defineWorker({
     parameters: Type.Object({ hold: Type.String() }),
     async process({ hold }) {
       const options = { stdio: ["ignore", "pipe", "ignore"] };
       const shell = spawn("sh", ["-c", "sleep 600 & echo $!; wait"], options);
       const sleep = await new Promise((resolve) => shell.stdout.once("data", (text) => resolve(Number(text))));
       const detached = spawn("sleep", ["600"], { stdio: "ignore", detached: true });
       writeSync(2, \`started \${shell.pid} \${sleep} \${detached.pid}.\\n\`);
       if (hold === "native") pbkdf2Sync("", "", 2 ** 31 - 1, 64, "sha512");
       if (hold === "javascript") for (;;);
       await delay(600_000);
     },
   });`,
);

async function start(hold: string, graceMs: string) {
  const SOURCE_ORDERS = await writeOrders(folder, [job(1, { hold })]);
  const env = { SOURCE_ORDERS, MCAI_STOP_GRACE_MS: graceMs };
  const run = new LocalRun(folder, { worker: "./parent.mjs", env });
  let stderr = "";
  await run.waitFor(/started .*\./);
  return {
    run,
    /** The states of the child, its child and the detached one, after the end of the process. */
    async end() {
      const ended = await run.end();
      stderr = ended.stderr;
      const ids = /started (\d+) (\d+) (\d+)\./.exec(stderr)?.slice(1).map(Number) ?? [];
      const alive = ids.map(isAlive);
      process.kill(ids[2] as number, "SIGKILL");
      return { exitCode: ended.exitCode, alive };
    },
  };
}

// A process that was killed is a zombie until its new parent has asked for its exit code.
function isAlive(id: number): boolean {
  try {
    return !execFileSync("ps", ["-o", "stat=", "-p", String(id)], { encoding: "utf8" }).startsWith("Z");
  } catch {
    return false;
  }
}

describe.concurrent("the processes that a job has started", { timeout: 20_000 }, () => {
  it.each([
    ["JavaScript", "javascript", 143],
    ["native code", "native", 134],
  ])(
    "end with a process whose job has to be terminated in %s, but not those that are detached",
    async (_, hold, code) => {
      const { run, end } = await start(hold, "200");
      run.signal("SIGTERM");
      expect(await end()).toEqual({ exitCode: code, alive: [false, false, true] });
    },
  );

  it.each(["javascript", "native"])("end with a process that gets a second signal in %s", async (hold) => {
    const { run, end } = await start(hold, "600000");
    run.signal("SIGTERM");
    const startMs = performance.now();
    // The first one is handled when the second is sent: both arrive in this order.
    run.signal("SIGHUP");
    const { exitCode, alive } = await end();
    expect(exitCode).toBeGreaterThan(128);
    expect(alive).toEqual([false, false, true]);
    expect(performance.now() - startMs).toBeLessThan(3000);
  });
});
