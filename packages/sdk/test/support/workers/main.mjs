// @ts-check
// node main.mjs <module>: runs one of the workers of this folder.
import { runWorker } from "@mcai/worker-sdk";

await runWorker(new URL(String(process.argv[2]), import.meta.url));
