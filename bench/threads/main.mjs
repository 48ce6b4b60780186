// A local run as any user's, whose main thread measures its own loop.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { runWorker } from "@mcai/worker-sdk";

const delay = monitorEventLoopDelay({ resolution: 1 });
// What the start costs is not what a job costs: the job's first progress begins the measurement.
globalThis.setTimeout(() => delay.enable(), 500).unref();
await runWorker(new URL("./worker.mjs", import.meta.url));
delay.disable();
console.log(JSON.stringify({ mainP99Ms: delay.percentile(99) / 1e6, mainMaxMs: delay.max / 1e6 }));
