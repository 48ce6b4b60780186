import { parentPort, workerData } from "node:worker_threads";
import { environmentSecrets, readSettings } from "../env.ts";
import { messageOf } from "../errors.ts";
import { openLog } from "../log/log.ts";
import { Redactor } from "../log/redactor.ts";
import { EnvironmentStores } from "../parameters/store.ts";
import type { ThreadOptions } from "../thread-protocol/messages.ts";
import { StopFlag } from "../thread-protocol/stop-flag.ts";
import { countThreads } from "./available-threads.ts";
import { loadWorker } from "./load-worker.ts";
import { JobThreadSession } from "./session.ts";

// The job thread starts here. The main thread's half is host.ts.
const { moduleUrl, environment, instanceId, stopFlag, describe } = workerData as ThreadOptions;
if (!parentPort) throw new Error("this module is the entry of the job thread; call runWorker instead");
const settings = readSettings(environment);
const redactor = new Redactor(environmentSecrets(environment));
const log = openLog(settings.log, { instanceId, queueName: settings.queueName }, redactor);
const session = new JobThreadSession({
  port: parentPort,
  stores: new EnvironmentStores(environment),
  stopFlag: new StopFlag(stopFlag),
  threads: countThreads(settings.threads),
  redactor,
  logFor: (jobId) => log.forJob(jobId),
});

// An exception outside the job's promise, or a promise that nobody awaits: the thread's state cannot be trusted any more.
process.on("uncaughtException", (error: unknown) => {
  log.error(`Uncaught in the job thread: ${(error instanceof Error && error.stack) || messageOf(error)}`);
  session.crash(error);
  process.exit(1);
});

await session.open(() => loadWorker(moduleUrl), !describe);
