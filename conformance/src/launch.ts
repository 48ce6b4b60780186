import { basename, dirname } from "node:path";
import { runWorker } from "@mcai/worker-sdk";

/** The twin of each script that the capture scripts start; the examples have the names of the golden workers. */
const twins: Readonly<Record<string, string>> = {
  "core_worker.py": "core-worker",
  "media_worker.py": "media-worker",
  "noop_worker.py": "noop-worker",
  "count_worker.py": "count-worker",
  "examples/worker.py": "example-worker",
  "examples/media_worker.py": "example-media-worker",
};

/**
 * Takes the place of a Python interpreter: its argument is a Python worker's script, and it runs that worker's twin. So
 * the capture scripts run unchanged with this in PEER_CORE_PYTHON and PEER_MEDIA_PYTHON.
 */
const script = process.argv[2] ?? "";
const inFolder = `${basename(dirname(script))}/${basename(script)}`;
const twin = twins[inFolder] ?? twins[basename(script)];
// The capture scripts take MCAI_ variables away, and wait at most 15 s for an end: what becomes of a job that a worker
// cannot finish when it goes down is to be seen by then.
process.env.MCAI_DRAIN_TIMEOUT_MS ??= "3000";
if (twin === undefined) {
  console.error(`launch: expected a script that has a twin (${Object.keys(twins).join(", ")}), got "${script}"`);
  process.exitCode = 2;
} else {
  await runWorker(new URL(`./workers/${twin}.js`, import.meta.url));
}
