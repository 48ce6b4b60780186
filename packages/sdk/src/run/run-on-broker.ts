import { setTimeout as delay } from "node:timers/promises";
import { BackendBlackList } from "../backend/backend-black-list.ts";
import { BackendSession } from "../backend/session.ts";
import { BlackList } from "../dispatch/black-list.ts";
import type { Dispatcher } from "../dispatch/dispatcher.ts";
import { ThreadHost } from "../dispatch/thread-host.ts";
import { readStoreAccess } from "../env/stores.ts";
import type { HealthServer, HealthSources } from "../health/health-server.ts";
import { encodeResponse } from "../response/response.ts";
import { toConfiguration } from "../response/worker-configuration.ts";
import { NvidiaCards } from "../system-info/nvidia.ts";
import type { WorkerDescription } from "../thread-protocol/messages.ts";
import { AmqpTransport } from "../transport/amqp/amqp-transport.ts";
import { Links } from "../transport/amqp/links.ts";
import type { Outbox } from "../transport/amqp/outbox.ts";
import { logResponse, withResponseLog } from "../transport/response-log.ts";
import { createDispatcher } from "./create-dispatcher.ts";
import { toDirectQueue } from "./direct-queue.ts";
import { EndDeadline } from "./end-deadline.ts";
import { endThread } from "./process-end.ts";
import { RunFailure } from "./run-failure.ts";
import type { RunOptions } from "./run-options.ts";
import { ShutdownSignals } from "./shutdown-signals.ts";

/** The time that the last messages may take, before the transport is stopped. */
const maxFarewellMs = 4000;

/** Takes jobs from RabbitMQ until the worker is told to stop. Returns the exit code. */
export async function runOnBroker(options: RunOptions): Promise<number> {
  const { settings, log, redactor, address, moduleUrl, environment, outputs } = options;
  const { queueName, instanceId: containerId } = address;
  if (await address.claim())
    log.warn(
      `Another worker of this container has the instance id ${containerId}: that of this worker is ${address.instanceId}.`,
    );
  const maxTeardownMs = settings.shutdownGraceMs;
  const thread = new ThreadHost({
    ...{ moduleUrl, environment, outputs, maxTeardownMs },
    // Read each time that a thread starts.
    get instanceId() {
      return address.instanceId;
    },
  });
  const deadline = new EndDeadline(settings.drainTimeoutMs + settings.shutdownGraceMs, log);
  const signals = new ShutdownSignals(() => {
    deadline.start();
    log.info("Shutting down.");
  });
  const { failed, report: onFailure } = new RunFailure();
  const backend = settings.hasBackend
    ? new BackendBlackList(
        new BackendSession("BACKEND", readStoreAccess(environment, "BACKEND"), (token) => redactor.add(token)),
      )
    : undefined;
  const blackList = new BlackList(log, backend);
  const links = new Links({ settings: settings.broker, log, queueName });
  let transport: AmqpTransport | undefined;
  const listen = (worker: WorkerDescription) => {
    const configuration = toConfiguration(worker, address);
    transport = new AmqpTransport({
      settings: settings.broker,
      log,
      links,
      queueName,
      direct: toDirectQueue(address, configuration, log, () =>
        thread.post({ kind: "rename", instanceId: address.instanceId }),
      ),
      // Backends since 2021 read the first exchange, older ones the second.
      announcements: () => {
        const discovery = encodeResponse("worker_discovery", configuration);
        logResponse(log, discovery);
        return [discovery, { ...discovery, exchange: "worker_response" }];
      },
      maxResponseBytes: settings.maxResponseBytes,
      onFailure,
    });
    return createDispatcher({
      ...{
        transport: withResponseLog(transport, log),
        thread,
        worker,
        configuration,
        settings,
        blackList,
        log,
        onFailure,
      },
      gpus: new NvidiaCards(),
      onStopWorker: () => signals.request(0),
    });
  };
  let dispatcher: Dispatcher | undefined;
  let health: HealthServer | undefined;
  try {
    const started = thread.start(listen);
    // It is awaited below; a failure before that must not be an unhandled rejection.
    started.catch(() => undefined);
    blackList.prepare();
    log.info(
      `Queue ${queueName} on ${settings.broker.hosts.map(({ hostname, port }) => `${hostname}:${port}`).join(", ")}`,
    );
    dispatcher = await Promise.race([started, signals.requested]);
    if (!dispatcher || !transport) return 0;
    if (settings.health) {
      thread.watch();
      const sources = toHealthSources(links, transport.outbox, dispatcher, thread, () => signals.request(0));
      const { HealthServer } = await import("../health/health-server.ts");
      health = await HealthServer.start(settings.health, sources, log);
    }
    let isServing = false;
    const serving = serve(transport, dispatcher).then(() => {
      isServing = true;
      return signals.requested;
    });
    await Promise.race([serving, signals.requested, failed]);
    // Before it serves it has no job of the queue, but may have a direct one.
    await dispatcher.stop(settings.drainTimeoutMs, "drain");
    const terminated = isServing ? dispatcher.workerOrders.announceTerminated() : undefined;
    const farewell = Promise.all([terminated, dispatcher.idle()]);
    await Promise.race([farewell, delay(maxFarewellMs, undefined, { ref: false })]);
    return 0;
  } finally {
    deadline.start();
    blackList.close();
    const ended = thread.stop(dispatcher ? "ask" : "force", deadline.teardownMs);
    await (transport ? transport.stop() : links.close());
    health?.stop();
    await endThread(thread, ended);
    signals.detach();
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
    canRunJobs: () => dispatcher.stats.canRunJobs,
    isConfirming: () => !outbox.isHeld,
    isPublishing: () => publishing.isUp,
    isConsuming: () => consuming.isUp,
    connections: () => ({ publishing: publishing.connections, consuming: consuming.connections }),
    outbox: () => ({ messages: outbox.messages, sizeBytes: outbox.sizeBytes }),
    jobsInProgress: () => Number(dispatcher.stats.jobSilentMs !== undefined),
    threadSilentMs: () => thread.silentMs,
    threadCrashes: () => thread.crashes,
    jobSilentMs: () => dispatcher.stats.jobSilentMs,
    status: () => dispatcher.workerOrders.describeStatus(),
    onJobEnded: (listener) => {
      dispatcher.onJobEnded = listener;
    },
    drain,
  };
}

async function serve(transport: AmqpTransport, dispatcher: Dispatcher): Promise<void> {
  await transport.start(dispatcher);
  await dispatcher.start();
  // Not awaited: a broker that blocks publishing now takes the message later.
  void dispatcher.workerOrders.announceCreated();
}
