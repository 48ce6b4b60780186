import { runWorker } from "@mcai/worker-sdk";

await runWorker(new URL("./talking.mjs", import.meta.url));
