// node main.mjs <module>: what every worker's main does, for any of the modules here.
import { runWorker } from "@mcai/worker-sdk";

await runWorker(new URL(process.argv[2], import.meta.url));
