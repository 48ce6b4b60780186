import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { ThreadHost } from "../dispatch/thread-host.ts";
import { toConfiguration } from "../response/worker-configuration.ts";
import { NvidiaCards } from "../system-info/nvidia.ts";
import type { WorkerDescription } from "../thread-protocol/messages.ts";
import { FileTransport } from "../transport/files.ts";
import { createDispatcher } from "./create-dispatcher.ts";
import { EndDeadline } from "./end-deadline.ts";
import { endThread } from "./process-end.ts";
import { RunFailure } from "./run-failure.ts";
import type { RunOptions } from "./run-options.ts";
import { ShutdownSignals } from "./shutdown-signals.ts";

/** Runs the orders of files one after another. Returns the exit code: 1 if a job or a file failed, 130 after Ctrl-C. */
export async function runLocal(options: RunOptions, files: readonly string[]): Promise<number> {
  const { settings, log, address, moduleUrl, environment, outputs } = options;
  const { instanceId } = address;
  const thread = new ThreadHost({
    moduleUrl,
    environment,
    instanceId,
    outputs,
    maxTeardownMs: settings.shutdownGraceMs,
  });
  const transport = new FileTransport(files, log, settings.maxResponseBytes);
  const deadline = new EndDeadline(settings.shutdownGraceMs, log);
  const signals = new ShutdownSignals(() => {
    deadline.start();
    void transport.stop();
  });
  const { failed, report: onFailure } = new RunFailure();
  const listen = (worker: WorkerDescription) =>
    createDispatcher({
      ...{ transport, thread, worker, settings, log, onFailure },
      configuration: toConfiguration(worker, address),
      gpus: new NvidiaCards(),
      onStopWorker: () => signals.request(0),
    });
  let dispatcher: Dispatcher | undefined;
  try {
    const started = thread.start(listen);
    // It is awaited below; a failure before that must not be an unhandled rejection.
    started.catch(() => undefined);
    // The first line loads the logger, while the thread starts.
    log.info(`Local run of ${files.length} order file${files.length === 1 ? "" : "s"}`);
    dispatcher = await Promise.race([started, signals.requested]);
    if (!dispatcher) return signals.exitCode ?? 0;
    await transport.start(dispatcher);
    await dispatcher.start();
    const done = transport.ended.then(() => dispatcher?.idle());
    await Promise.race([done, signals.requested, failed]);
    await dispatcher.stop(0, "order");
    if (signals.exitCode !== undefined) await dispatcher.workerOrders.announceTerminated();
    const { failedJobs, unreadableOrders } = dispatcher.stats;
    return signals.exitCode ?? (failedJobs + unreadableOrders + transport.unreadable > 0 ? 1 : 0);
  } finally {
    await endThread(thread, thread.stop(dispatcher ? "ask" : "force", deadline.teardownMs));
    signals.detach();
  }
}
