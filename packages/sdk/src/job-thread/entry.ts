import { parentPort, workerData } from "node:worker_threads";
import { environmentSecrets } from "../env/stores.ts";
import { readSettings } from "../env.ts";
import { messageOf } from "../errors.ts";
import { createLog } from "../log/log.ts";
import { Redactor } from "../log/redactor.ts";
import { EnvironmentStores } from "../parameters/store.ts";
import type { ThreadOptions } from "../thread-protocol/messages.ts";
import { StopFlag } from "../thread-protocol/stop-flag.ts";
import { countThreads } from "./available-threads.ts";
import { loadWorker } from "./load-worker.ts";
import { JobThreadSession } from "./session.ts";

// The entry point of the job thread. The main thread starts it in dispatch/thread-host.ts.
const { moduleUrl, environment, instanceId, stopFlag, describe } = workerData as ThreadOptions;
if (!parentPort) throw new Error("This module is the entry point of the job thread. Call runWorker instead.");
const settings = readSettings(environment);
const redactor = new Redactor(environmentSecrets(environment));
const log = createLog(settings.log, { instanceId, queueName: settings.queueName }, redactor);
const session = new JobThreadSession({
  port: parentPort,
  stores: new EnvironmentStores(environment, (secret) => redactor.add(secret)),
  stopFlag: new StopFlag(stopFlag),
  threads: countThreads(settings.threads),
  progressIntervalMs: settings.progressIntervalMs,
  redactor,
  logFor: (jobId) => log.forJob(jobId),
});

// After an exception outside the job's promise, or a rejection that is not handled, the state of the thread is unknown.
process.on("uncaughtException", (error: unknown) => {
  log.error(`Uncaught exception in the job thread: ${(error instanceof Error && error.stack) || messageOf(error)}`);
  session.crash(error);
  process.exit(1);
});

await session.start(() => loadWorker(moduleUrl), !describe);
