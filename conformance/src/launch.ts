import { basename, dirname } from "node:path";
import { runWorker } from "@mcai/worker-sdk";

/** The twin of each script that the capture scripts start. The scripts of the examples have the same names as those of the golden workers. */
const twins: Readonly<Record<string, string>> = {
  "core_worker.py": "core-worker",
  "media_worker.py": "media-worker",
  "noop_worker.py": "noop-worker",
  "count_worker.py": "count-worker",
  "examples/worker.py": "example-worker",
  "examples/media_worker.py": "example-media-worker",
};

/**
 * Replaces a Python interpreter: its argument is the script of a Python worker, and it runs the twin of that worker. So the capture
 * scripts run unchanged with this program in PEER_CORE_PYTHON and PEER_MEDIA_PYTHON.
 */
const script = process.argv[2] ?? "";
const inFolder = `${basename(dirname(script))}/${basename(script)}`;
const twin = twins[inFolder] ?? twins[basename(script)];
// The capture scripts remove MCAI_ variables, and wait at most 15 s for the exit. A job that a worker cannot finish at its
// shutdown must be settled by then.
process.env.MCAI_DRAIN_TIMEOUT_MS ??= "3000";
// The responses of a run without a broker are in its log alone. These two the scripts remove too.
if (process.env.SOURCE_ORDERS !== undefined) {
  process.env.ONLY_JSON_LOGS ??= "1";
  process.env.MCAI_LOG ??= "debug";
}
if (twin === undefined) {
  console.error(`launch: expected a script that has a twin (${Object.keys(twins).join(", ")}), got "${script}"`);
  process.exitCode = 2;
} else {
  await runWorker(new URL(`./workers/${twin}.js`, import.meta.url));
}
