import { BlackList } from "../dispatch/black-list.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { ThreadHost } from "../dispatch/thread-host.ts";
import { sdkVersion, toConfiguration } from "../response/worker-configuration.ts";
import { NvidiaCards } from "../system-info/nvidia.ts";
import { SystemInfo } from "../system-info/system-info.ts";
import type { WorkerDescription } from "../thread-protocol/messages.ts";
import { FileTransport } from "../transport/files.ts";
import type { RunOptions } from "./run-options.ts";
import { ShutdownSignals } from "./shutdown-signals.ts";

/** How long a job may be deaf to Ctrl-C, and `teardown` may take, when `MCAI_STOP_GRACE_MS` says nothing else. */
const defaultGraceMs = 2000;

/** Runs the orders of files one after another; gives the exit code: 1 if a job or a file failed, 130 after Ctrl-C. */
export async function runLocal(options: RunOptions, files: readonly string[]): Promise<number> {
  const { settings, log, address, moduleUrl, environment } = options;
  const graceMs = settings.stopGraceMs ?? defaultGraceMs;
  const thread = new ThreadHost({ moduleUrl, environment, instanceId: address.instanceId, closeMs: graceMs });
  const transport = new FileTransport(files, log);
  const signals = new ShutdownSignals(() => void transport.stop());
  let failure: Error | undefined;
  const fail = (error: Error) => {
    failure = error;
    void transport.stop();
  };
  const makeDispatcher = (worker: WorkerDescription) => {
    log.info(`Worker: ${worker.name}, version: ${worker.version} (MCAI Worker SDK ${sdkVersion})`);
    return new Dispatcher({
      transport,
      thread,
      configuration: toConfiguration(worker, address),
      live: worker.live,
      settings,
      systemInfo: new SystemInfo(address.instanceId, new NvidiaCards()),
      blackList: new BlackList(log),
      log,
      onStopWorker: () => signals.interrupt(0),
      onFailure: fail,
    });
  };
  let dispatcher: Dispatcher | undefined;
  try {
    const started = thread.start(makeDispatcher);
    // It is awaited below; until then its failure is nobody's.
    started.catch(() => undefined);
    // The first line loads the logger, which takes as long as the thread takes to start.
    log.info(`Local run of ${files.length} order file${files.length === 1 ? "" : "s"}`);
    dispatcher = await Promise.race([started, signals.requested]);
    if (!dispatcher) return signals.exitCode ?? 0;
    await transport.start(dispatcher);
    await dispatcher.start();
    await transport.ended;
    if (signals.exitCode === undefined && !failure) await dispatcher.idle();
    if (failure) throw failure;
    await dispatcher.stop({ finishMs: 0, reason: "order", graceMs });
    if (signals.exitCode !== undefined) await dispatcher.workerOrders.sayGoodbye();
    const failures = dispatcher.responder.failed + dispatcher.unreadable + transport.unreadable;
    return signals.exitCode ?? (failures > 0 ? 1 : 0);
  } finally {
    signals.dispose();
    // A native call that holds the thread cannot be ended but with the process.
    if (!(await thread.end(dispatcher ? "ask" : "force"))) process.abort();
  }
}
