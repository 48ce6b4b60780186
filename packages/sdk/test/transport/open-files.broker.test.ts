import { describe, expect, it } from "vitest";
import { FaultProxy } from "../../../../chaos/fault-proxy.mjs";
import { useVirtualHost } from "../support/broker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const { folder, run: runWorker, start, closeAtEnd } = await useWorkers(virtualHost);

// A worker that opens all files that it may: in its setup, or in a job, until the file of the variable FREE exists.
await folder.write(
  "exhausts.mjs",
  `import { closeSync, existsSync, openSync } from "node:fs";
   import actions from "./actions.mjs";
   const files = [];
   const exhaust = () => { try { for (;;) files.push(openSync("/dev/null")); } catch {} };
   // A connection that is cut leaves its files to the next one.
   const exhaustUntilFree = () => {
     if (!existsSync(process.env.FREE)) return exhaust();
     for (const file of files.splice(0)) closeSync(file);
   };
   export default {
     ...actions,
     setup() { if (process.env.FREE === undefined) exhaust(); },
     process(parameters) {
       if (parameters.text === "exhaust") { exhaust(); setInterval(exhaustUntilFree, 20).unref(); }
       return {};
     },
   };`,
);

describe("a worker without open files left", { timeout: 30_000 }, () => {
  it("ends with a named error at its start", async () => {
    const { exitCode, stderr } = await runWorker("job_exhausted", {
      worker: "./exhausts.mjs",
      env: { AMQP_PORT: "1" },
    }).end();
    expect(stderr).toMatch(/too many open files: .*EMFILE.*; the limit of this process is \d+/);
    expect(exitCode).toBe(78);
  });

  it("connects again when there are some, if it was connected", async () => {
    const proxy = await FaultProxy.open(virtualHost().port);
    closeAtEnd(proxy);
    const env = { FREE: `${folder.path}/free` };
    const { wire, run } = await start({ worker: "./exhausts.mjs", port: proxy.port, env });
    await wire.sendJob(job(1, { text: "exhaust" }));
    await wire.next("job_completed", 1);
    proxy.cut();
    await run.waitFor(/too many open files: .*; the limit of this process is \d+.*next attempt/);
    await folder.write("free", "");
    await wire.sendJob(job(2));
    await wire.next("job_completed", 2, 20_000);
  });
});
