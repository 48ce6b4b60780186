import { runWorker } from "@mcai/worker-sdk";

await runWorker(new URL("./worker.mjs", import.meta.url));
