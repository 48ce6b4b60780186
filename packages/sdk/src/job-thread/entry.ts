import { parentPort, workerData } from "node:worker_threads";
import { environmentSecrets } from "../env/stores.ts";
import { readSettings } from "../env.ts";
import { messageOf } from "../errors.ts";
import { createLog } from "../log/log.ts";
import { Redactor } from "../log/redactor.ts";
import { sayDropped } from "../log/say-dropped.ts";
import { Outputs } from "../output/outputs.ts";
import { redirectStandardStreams } from "../output/standard-streams.ts";
import { EnvironmentStores } from "../parameters/store.ts";
import { send } from "../thread-protocol/channel.ts";
import type { Report, ThreadOptions } from "../thread-protocol/messages.ts";
import { StopFlag } from "../thread-protocol/stop-flag.ts";
import { countThreads } from "./available-threads.ts";
import { loadWorker } from "./load-worker.ts";
import { JobThreadSession } from "./session.ts";
import { stackOf } from "./stack.ts";

// The entry point of the job thread. The main thread starts it in dispatch/thread-host.ts.
const { moduleUrl, environment, instanceId, stopFlag, outputs: plan, describe } = workerData as ThreadOptions;
if (!parentPort) throw new Error("This module is the entry point of the job thread. Call runWorker instead.");
const settings = readSettings(environment);
const outputs = new Outputs(plan);
// Standard output of a description has nothing but the description.
redirectStandardStreams(describe ? outputs.stderr : outputs.stdout, outputs.stderr);
const redactor = new Redactor(environmentSecrets(environment));
const identity = { instanceId, queueName: settings.queueName };
const log = createLog(settings.log, identity, redactor, outputs);
sayDropped(outputs, log);
const port = parentPort;
const keepSecret = (secret: unknown) => {
  redactor.add(secret);
  // A result may have it, and the main thread logs results.
  send(port, { kind: "secrets", secrets: [secret] } satisfies Report);
};
const session = new JobThreadSession({
  port,
  stores: new EnvironmentStores(environment, keepSecret),
  stopFlag: new StopFlag(stopFlag),
  threads: countThreads(settings.threads),
  progressIntervalMs: settings.progressIntervalMs,
  redactor,
  log,
  onRename: (id) => {
    identity.instanceId = id;
  },
});

// After an exception outside the job's promise, or a rejection that is not handled, the state of the thread is unknown.
process.on("uncaughtException", (error: unknown) => {
  const stack = stackOf(error);
  const text = `Uncaught exception in the job thread: ${messageOf(error)}`;
  log.event("error", text, { ...(stack !== undefined && { stack }) });
  session.crash(error);
  process.exit(1);
});

await session.start(() => loadWorker(moduleUrl), !describe);
