import type { VirtualHost } from "./broker.ts";
import { LocalRun, type WorkersFolder } from "./run-local.ts";
import { Wire } from "./wire.ts";

/** The process of a worker on a broker, and the backend's side of the broker. */
export interface WorkerOnBroker {
  readonly wire: Wire;
  readonly run: LocalRun;
  /** Kills the process if it still runs, and closes the wire. */
  close(): Promise<void>;
}

let count = 0;

/** Starts a worker with a queue of its own, and waits until it consumes. */
export async function startWorker(
  folder: WorkersFolder,
  virtualHost: VirtualHost,
  {
    worker,
    env = {},
    port,
    queue = `job_${++count}`,
  }: {
    readonly worker?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** The port of a proxy of the broker. */
    readonly port?: number;
    readonly queue?: string;
  } = {},
): Promise<WorkerOnBroker> {
  const wire = await Wire.open(urlOf(virtualHost), queue);
  const run = runWorkerOn(folder, virtualHost, queue, {
    ...(worker && { worker }),
    env: { ...(port && { AMQP_PORT: String(port) }), ...env },
  });
  try {
    await Promise.race([
      wire.next("worker_created"),
      run
        .end()
        .then(({ exitCode, stderr }) => Promise.reject(new Error(`the worker exited (${exitCode}):\n${stderr}`))),
    ]);
  } catch (error) {
    run.signal("SIGKILL");
    await wire.close();
    throw error;
  }
  return {
    wire,
    run,
    async close() {
      run.signal("SIGKILL");
      await run.end();
      await wire.close();
    },
  };
}

/** Starts the process of a worker with this queue, and does not wait. */
export function runWorkerOn(
  folder: WorkersFolder,
  virtualHost: VirtualHost,
  queue: string,
  { worker, env = {} }: { readonly worker?: string; readonly env?: Readonly<Record<string, string>> } = {},
): LocalRun {
  return new LocalRun(folder, { ...(worker && { worker }), env: { ...virtualHost.env, AMQP_QUEUE: queue, ...env } });
}

/** Returns the URL of a virtual host. */
export function urlOf({ hostname, port, vhost }: VirtualHost): string {
  return `amqp://guest:guest@${hostname}:${port}/${vhost}`;
}
