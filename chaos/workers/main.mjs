// What every worker's main does.
import { runWorker } from "@mcai/worker-sdk";

// As a main does that has something else open.
if (process.env.CHAOS_KEEP) setInterval(() => undefined, 1000);
await runWorker(new URL("./worker.mjs", import.meta.url));
