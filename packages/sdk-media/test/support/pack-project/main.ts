import { runWorker } from "@mcai/worker-sdk";

await runWorker(new URL("./worker.js", import.meta.url));
