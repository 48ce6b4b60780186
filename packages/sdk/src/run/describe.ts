import { startThread } from "../dispatch/thread-host.ts";
import { McaiError, WorkerFailure } from "../errors.ts";
import { toConfiguration, type WorkerAddress, type WorkerConfiguration } from "../response/worker-configuration.ts";
import { onMessage } from "../thread-protocol/channel.ts";
import type { Report, ThreadOptions } from "../thread-protocol/messages.ts";
import { StopFlag } from "../thread-protocol/stop-flag.ts";

/** Returns the worker's configuration. Only the worker's module runs; what it prints goes to standard error. */
export async function describe(
  options: Omit<ThreadOptions, "describe" | "stopFlag">,
  address: WorkerAddress,
): Promise<WorkerConfiguration> {
  const worker = startThread({ ...options, stopFlag: new StopFlag().buffer, describe: true }, true);
  worker.stdout.pipe(process.stderr, { end: false });
  try {
    return await new Promise((resolve, reject) => {
      onMessage(worker, (report: Report) => {
        if (report.kind === "described") resolve(toConfiguration(report.description, address));
        else if (report.kind === "failed") reject(new WorkerFailure(report.code, report.message, report.stack));
      });
      worker.on("error", (error) => reject(new McaiError("WORKER_INVALID", error.message, { cause: error })));
      worker.on("exit", (code) =>
        reject(new McaiError("WORKER_INVALID", `The worker's module ended its thread with exit code ${code}.`)),
      );
    });
  } finally {
    await worker.terminate();
  }
}
