import { setTimeout as delay } from "node:timers/promises";
import { BackendBlackList } from "../backend/backend-black-list.ts";
import { BackendSession } from "../backend/session.ts";
import { BlackList } from "../dispatch/black-list.ts";
import { Dispatcher } from "../dispatch/dispatcher.ts";
import { ThreadHost } from "../dispatch/thread-host.ts";
import { readStoreAccess } from "../env.ts";
import type { HealthServer, HealthSources } from "../health/health-server.ts";
import { encodeResponse } from "../response/response.ts";
import { sdkVersion, toConfiguration } from "../response/worker-configuration.ts";
import { NvidiaCards } from "../system-info/nvidia.ts";
import { SystemInfo } from "../system-info/system-info.ts";
import type { WorkerDescription } from "../thread-protocol/messages.ts";
import { AmqpTransport } from "../transport/amqp/amqp-transport.ts";
import { Links } from "../transport/amqp/links.ts";
import type { Outbox } from "../transport/amqp/outbox.ts";
import type { RunOptions } from "./run-options.ts";
import { ShutdownSignals } from "./shutdown-signals.ts";

/** How long a job may be deaf to a drain, and `teardown` may take, when `MCAI_STOP_GRACE_MS` says nothing else. */
const defaultGraceMs = 2000;
/** How long the last words may take. */
const goodbyeMs = 5000;

/** Takes jobs from RabbitMQ until the worker is told to stop; gives the exit code. */
export async function runOnBroker(options: RunOptions): Promise<number> {
  const { settings, log, address, moduleUrl, environment } = options;
  const graceMs = settings.stopGraceMs ?? defaultGraceMs;
  const thread = new ThreadHost({ moduleUrl, environment, instanceId: address.instanceId, closeMs: graceMs });
  const signals = new ShutdownSignals(() => log.info("The worker is going down."));
  let onFailure: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    onFailure = reject;
  });
  failed.catch(() => undefined);
  const backend = settings.hasBackend
    ? new BackendBlackList(new BackendSession("BACKEND", readStoreAccess(environment, "BACKEND")))
    : undefined;
  const blackList = new BlackList(log, backend);
  const { queueName } = address;
  const links = new Links({ settings: settings.broker, log, queueName });
  let transport: AmqpTransport | undefined;
  const makeDispatcher = (worker: WorkerDescription) => {
    log.info(`Worker: ${worker.name}, version: ${worker.version} (MCAI Worker SDK ${sdkVersion})`);
    const configuration = toConfiguration(worker, address);
    const discovery = encodeResponse("worker_discovery", configuration);
    transport = new AmqpTransport({
      settings: settings.broker,
      log,
      links,
      queueName,
      directQueueName: configuration.direct_messaging_queue_name,
      binding: {
        instance_id: address.instanceId,
        job_type: queueName,
        worker_name: configuration.label,
        worker_version: configuration.version,
      },
      // Backends since 2021 look for it on the one exchange, older ones on the other.
      announcements: [discovery, { ...discovery, exchange: "worker_response" }],
      onFailure,
    });
    return new Dispatcher({
      transport,
      thread,
      configuration,
      live: worker.live,
      settings,
      systemInfo: new SystemInfo(address.instanceId, new NvidiaCards()),
      blackList,
      log,
      onStopWorker: () => signals.exitCode ?? signals.interrupt(0),
      onFailure,
    });
  };
  let dispatcher: Dispatcher | undefined;
  let health: HealthServer | undefined;
  try {
    const started = thread.start(makeDispatcher);
    // It is awaited below; until then its failure is nobody's.
    started.catch(() => undefined);
    blackList.prepare();
    log.info(
      `Queue ${queueName} on ${settings.broker.hosts.map(({ hostname, port }) => `${hostname}:${port}`).join(", ")}`,
    );
    dispatcher = await Promise.race([started, signals.requested]);
    if (!dispatcher || !transport) return 0;
    if (settings.health) {
      thread.watch();
      const sources = toHealthSources(links, transport.outbox, dispatcher, thread, () => signals.interrupt(0));
      const { HealthServer } = await import("../health/health-server.ts");
      health = await HealthServer.open(settings.health, sources, log);
    }
    let isServing = false;
    const serving = serve(transport, dispatcher).then(() => {
      isServing = true;
      return signals.requested;
    });
    await Promise.race([serving, signals.requested, failed]);
    if (!isServing) return 0;
    await dispatcher.stop({ finishMs: settings.drainTimeoutMs, reason: "drain", graceMs });
    await Promise.race([dispatcher.workerOrders.sayGoodbye(), delay(goodbyeMs, undefined, { ref: false })]);
    return 0;
  } finally {
    blackList.close();
    await (transport ? transport.stop() : links.close());
    signals.dispose();
    health?.close();
    // A native call that holds the thread cannot be ended but with the process.
    if (!(await thread.end(dispatcher ? "ask" : "force"))) process.abort();
  }
}

function toHealthSources(
  { publishing, consuming }: Links,
  outbox: Outbox,
  dispatcher: Dispatcher,
  thread: ThreadHost,
  drain: () => void,
): HealthSources {
  return {
    isTakingJobs: () => dispatcher.isTakingJobs,
    isPublishing: () => publishing.isUp,
    isConsuming: () => consuming.isUp,
    connections: () => ({ publishing: publishing.connections, consuming: consuming.connections }),
    outbox: () => ({ messages: outbox.messages, sizeBytes: outbox.sizeBytes }),
    jobsInProgress: () => Number(dispatcher.jobSilentMs !== undefined),
    threadSilentMs: () => thread.silentMs,
    threadCrashes: () => thread.lost,
    jobSilentMs: () => dispatcher.jobSilentMs,
    status: () => dispatcher.workerOrders.describeStatus(),
    onJobEnded: (listener) => {
      dispatcher.responder.onEnded = listener;
    },
    drain,
  };
}

async function serve(transport: AmqpTransport, dispatcher: Dispatcher): Promise<void> {
  await transport.start(dispatcher);
  await dispatcher.start();
  // Not awaited: a broker that takes no messages now will take it later.
  void dispatcher.workerOrders.sayHello();
}
