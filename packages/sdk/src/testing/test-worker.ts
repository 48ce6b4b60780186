import { environmentSecrets } from "../env/stores.ts";
import { type LogSettings, readSettings } from "../env.ts";
import { messageOf } from "../errors.ts";
import { countThreads } from "../job-thread/available-threads.ts";
import { describeWorker } from "../job-thread/describe-worker.ts";
import { createLog } from "../log/log.ts";
import { Redactor } from "../log/redactor.ts";
import type { Order } from "../order/order.ts";
import { EnvironmentStores } from "../parameters/store.ts";
import type { ResponseBodies, ResponseKind } from "../response/response.ts";
import { toConfiguration } from "../response/worker-configuration.ts";
import { createDispatcher } from "../run/create-dispatcher.ts";
import type { Settlement } from "../transport/transport.ts";
import { checkWorker } from "../worker/define-worker.ts";
import { toMetadata, type WorkerMetadata } from "../worker/metadata.ts";
import { toDefinition, type Worker } from "../worker/ported-worker.ts";
import { InThread } from "./in-thread.ts";
import { Inbox, type TestResponse } from "./inbox.ts";
import { type MemoryDeliveryOptions, MemoryTransport } from "./memory-transport.ts";
import { TestStores } from "./stores.ts";

/** Options of {@link startTestWorker}. */
export interface TestWorkerOptions<Context = unknown> {
  /** Passed to `process` and `teardown` instead of the value of `setup`, which then does not run. */
  readonly context?: Context;
  /** The keys and values of each store. @default only the store `environment`, with `environment` as its keys */
  readonly stores?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The environment variables that the SDK reads. @default {} */
  readonly environment?: Readonly<Record<string, string>>;
  /** Fields of the worker's package.json. @default a name, version, description and licence for tests */
  readonly metadata?: Partial<WorkerMetadata>;
  /** Called for each response, before a `next` that awaits it resolves. */
  readonly onResponse?: (response: TestResponse) => void;
  /** Called for each call of `job.progress`, with what it was called with; not every percent becomes a response. */
  readonly onProgress?: (percent: number, jobId: number) => void;
  /** Called when the worker postpones its job, with the reason. */
  readonly onPostponed?: (reason: string) => void;
  /** The level from which log lines are written to standard error. @default "silent" */
  readonly logLevel?: LogSettings["level"];
}

/** A worker that runs in a test, with the real dispatcher and processor: it takes orders and publishes responses. */
export interface TestWorker {
  /** All responses so far. */
  readonly responses: readonly TestResponse[];
  /**
   * Sends an order. Bytes and strings are sent unchanged.
   * @param options - How it is delivered: from the job queue, one order at a time, unless `direct` is true. A backend sends
   *   every order but `job` directly; `start_process`, `update_process` and `stop_process` must be, since an order from the
   *   queue waits until the job before it is settled.
   * @returns How the order was settled in the end.
   */
  send(order: Order | Uint8Array | string, options?: MemoryDeliveryOptions): Promise<Exclude<Settlement, "requeue">>;
  /**
   * Returns the next response of a kind that was not returned before.
   * @param timeoutMs - The timeout. @default 5000
   * @throws {@link Error} If there is none in time; the message lists the responses so far.
   */
  next<Kind extends ResponseKind>(kind: Kind, timeoutMs?: number): Promise<ResponseBodies[Kind]>;
  /** Stops the current job, runs `teardown` and ends the worker. */
  close(): Promise<void>;
}

const testMetadata = { name: "test-worker", version: "0.0.0", description: "A worker in a test", license: "Private" };

/**
 * Starts a worker in the test's own thread, without a broker.
 *
 * @param worker - The value of {@link defineWorker} or {@link defineLiveWorker}, or an instance of {@link Worker}.
 * @param options - Context, stores, environment and metadata.
 * @throws {@link McaiError} `WORKER_INVALID` if it is not a worker, `SETUP_FAILED` if its `setup` throws.
 *
 * @example
 * ```ts
 * const worker = await startTestWorker(subtitler, { context: fakeModel });
 * await worker.send({ type: "job", job_id: 1, parameters: [] });
 * expect(await worker.next("job_completed")).toMatchObject({ job_id: 1 });
 * await worker.send({ type: "status" }, { direct: true });
 * await worker.close();
 * ```
 */
export async function startTestWorker<Context>(
  worker: object | Worker,
  options: TestWorkerOptions<Context> = {},
): Promise<TestWorker> {
  const definition = toDefinition(worker);
  checkWorker(definition);
  const environment = options.environment ?? {};
  const settings = readSettings(environment);
  const address = { instanceId: "test", queueName: settings.queueName, directMessagingIdentifier: "test" };
  const metadata = toMetadata(testMetadata, { ...definition, ...options.metadata }, "the test's metadata");
  const description = describeWorker(definition, metadata);
  const redactor = new Redactor(environmentSecrets(environment));
  const level = options.logLevel ?? "silent";
  const log = createLog({ ...settings.log, level }, address, redactor);
  const thread = new InThread({
    worker: definition,
    description,
    context: "context" in options ? { value: options.context } : undefined,
    stores: new TestStores(options.stores ?? {}, new EnvironmentStores(environment, (secret) => redactor.add(secret))),
    threads: countThreads(settings.threads),
    progressIntervalMs: settings.progressIntervalMs,
    onProgress: options.onProgress,
    onPostponed: options.onPostponed,
    redactor,
    log,
  });
  const transport = new MemoryTransport(settings.maxResponseBytes);
  const inbox = new Inbox();
  transport.onPublish = (message) => {
    const response = inbox.put(message);
    options.onResponse?.(response);
  };
  const dispatcher = await thread.start((worker) =>
    createDispatcher({
      ...{ transport, thread, worker, settings, log },
      configuration: toConfiguration(worker, address),
      onStopWorker: () => void close(),
      onFailure: (error) => log.error(messageOf(error)),
    }),
  );
  const end = async () => {
    await dispatcher.stop(0, "drain");
    await dispatcher.workerOrders.announceTerminated();
    await thread.stop("ask");
    await transport.stop();
  };
  let ending: Promise<void> | undefined;
  const close = () => {
    ending ??= end();
    return ending;
  };
  await transport.start(dispatcher);
  await dispatcher.start();
  return {
    responses: inbox.responses,
    send: (order, delivery) => transport.deliver(encode(order), delivery),
    next: (kind, timeoutMs = 5000) => inbox.next(kind, timeoutMs),
    close,
  };
}

function encode(order: Order | Uint8Array | string): Uint8Array {
  if (order instanceof Uint8Array) return order;
  return Buffer.from(typeof order === "string" ? order : JSON.stringify(order));
}
