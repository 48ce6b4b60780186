import { afterAll } from "vitest";
import { FaultProxy } from "../../../../chaos/fault-proxy.mjs";
import type { VirtualHost } from "./broker.ts";
import { runWorkerOn, startWorker, type WorkerOnBroker } from "./broker-worker.ts";
import { type LocalRun, openWorkersFolder, type WorkersFolder } from "./run-local.ts";

type StartOptions = NonNullable<Parameters<typeof startWorker>[2]>;

interface Closeable {
  close(): Promise<unknown>;
}

/** The workers of one test file on a virtual host. They are killed after the last test. */
export interface Workers {
  readonly folder: WorkersFolder;
  /** Starts a worker, and waits until it consumes. */
  start(options?: StartOptions, host?: VirtualHost): Promise<WorkerOnBroker>;
  /** Starts a worker that connects through a proxy. */
  startBehindProxy(
    env?: Readonly<Record<string, string>>,
    host?: VirtualHost,
  ): Promise<WorkerOnBroker & { readonly proxy: FaultProxy }>;
  /** Starts the process of a worker with this queue, and does not wait. */
  run(queue: string, options?: Parameters<typeof runWorkerOn>[3], host?: VirtualHost): LocalRun;
  /** Closes a resource after the last test, before those that were added earlier. */
  closeAtEnd(resource: Closeable): void;
}

/** Prepares workers for the tests of a file. Call it at the top of the file, after `useVirtualHost`. */
export async function useWorkers(virtualHost: () => VirtualHost): Promise<Workers> {
  const folder = await openWorkersFolder();
  const resources: Closeable[] = [{ close: () => folder.remove() }];
  afterAll(async () => {
    for (const resource of resources.reverse()) await resource.close();
  });
  const start: Workers["start"] = async (options = {}, host = virtualHost()) => {
    const worker = await startWorker(folder, host, options);
    resources.push(worker);
    return worker;
  };
  return {
    folder,
    start,
    async startBehindProxy(env = {}, host = virtualHost()) {
      const proxy = await FaultProxy.open(host.port);
      resources.push(proxy);
      return { proxy, ...(await start({ port: proxy.port, env }, host)) };
    },
    run(queue, options, host = virtualHost()) {
      const run = runWorkerOn(folder, host, queue, options);
      resources.push({
        close() {
          run.signal("SIGKILL");
          return run.end();
        },
      });
      return run;
    },
    closeAtEnd: (resource) => void resources.push(resource),
  };
}
