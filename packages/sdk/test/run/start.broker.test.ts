import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, it, vi } from "vitest";
import { useVirtualHost, type VirtualHost } from "../support/broker.ts";
import { urlOf } from "../support/broker-worker.ts";
import { useWorkers } from "../support/use-workers.ts";
import { Wire } from "../support/wire.ts";

const sharedHost = useVirtualHost();
const { folder, run: runWorker, closeAtEnd } = await useWorkers(sharedHost);

// Workers whose import or setup blocks its thread until the file of the variable GO exists.
await folder.write(
  "wait.mjs",
  `import { existsSync } from "node:fs";
   const cell = new Int32Array(new SharedArrayBuffer(4));
   export const wait = () => { while (!existsSync(process.env.GO)) Atomics.wait(cell, 0, 0, 10); };`,
);
const late = `import actions from "./actions.mjs"; import { wait } from "./wait.mjs";`;
await folder.write("late-module.mjs", `${late} wait(); export default actions;`);
await folder.write("late-setup.mjs", `${late} export default { ...actions, setup: wait };`);
await folder.write("late-broken.mjs", `${late} wait(); throw new Error("no model.onnx");`);

let count = 0;

function start(host: VirtualHost, worker: string, env: Record<string, string> = {}) {
  const [file, queue] = [`go-${++count}`, `job_start_${count}`];
  const run = runWorker(queue, { worker, env: { GO: file, ...env } }, host);
  return { run, queue, go: () => folder.write(file, "") };
}

/** Returns the broker's names of a worker's connections as soon as there are so many, which takes seconds. */
function connections({ vhost, manage }: VirtualHost, queue: string, expected: number): Promise<string[]> {
  return vi.waitFor(
    async () => {
      const all = (await manage("GET", `/vhosts/${vhost}/connections`)) as Connection[];
      const own = all.filter((one) => one.client_properties?.connection_name?.startsWith(`${queue} (`));
      expect(own).toHaveLength(expected);
      return own.map(({ name }) => name);
    },
    { timeout: 20_000, interval: 100 },
  );
}

interface Connection {
  readonly name: string;
  readonly client_properties?: { readonly connection_name?: string };
}

/** Returns the names of all queues and exchanges of a virtual host. */
async function declared({ vhost, manage }: VirtualHost): Promise<string[]> {
  const lists = await Promise.all(["queues", "exchanges"].map((kind) => manage("GET", `/${kind}/${vhost}`)));
  return lists.flatMap((list) => (list as { name: string }[]).map(({ name }) => name));
}

describe.concurrent.each(["module", "setup"])("a worker with a slow %s", (what) => {
  // A virtual host of its own, in which no other worker declares anything.
  const host = useVirtualHost();

  it("is connected to the broker, and declares nothing before it is ready", { timeout: 60_000 }, async () => {
    const before = await declared(host());
    // Three heartbeats pass before the broker shows its connections.
    const { run, queue, go } = start(host(), `./late-${what}.mjs`, { AMQP_HEARTBEAT: "1" });
    const early = await connections(host(), queue, 2);
    expect(await declared(host())).toEqual(before);
    const wire = await Wire.open(urlOf(host()), queue);
    await go();
    await wire.next("worker_created");
    expect(await connections(host(), queue, 2)).toEqual(expect.arrayContaining(early));
    run.signal("SIGTERM");
    await wire.next("worker_terminated");
    expect((await run.end()).exitCode).toBe(0);
    await wire.close();
  });

  it("connects again once it is ready, and ignores earlier connection errors", { timeout: 60_000 }, async () => {
    const { run, queue, go } = start(sharedHost(), `./late-${what}.mjs`, { AMQP_CONNECTION_MAX_RETRY: "0" });
    for (const name of await connections(sharedHost(), queue, 2))
      await sharedHost().manage("DELETE", `/connections/${encodeURIComponent(name)}`);
    await connections(sharedHost(), queue, 0);
    const wire = await Wire.open(urlOf(sharedHost()), queue);
    await go();
    await wire.next("worker_created");
    run.signal("SIGTERM");
    expect((await run.end()).exitCode).toBe(0);
    await wire.close();
  });

  it("disconnects and exits on a signal", { timeout: 60_000 }, async () => {
    const { run, queue } = start(sharedHost(), `./late-${what}.mjs`);
    await connections(sharedHost(), queue, 2);
    run.signal("SIGTERM");
    const { exitCode, stderr } = await run.end();
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain("Connected to the broker");
  });
});

describe.concurrent("a worker whose module fails", { timeout: 30_000 }, () => {
  const broker = (port: string) => ({ AMQP_PORT: port });
  const brokerByTls = (port: string) => ({ AMQP_PORT: port, AMQP_TLS: "true" });
  const backend = (port: string) => ({ BACKEND_HOSTNAME: `http://127.0.0.1:${port}/api` });

  it.each<[what: string, env: (port: string) => Record<string, string>, answer: (socket: Socket) => void]>([
    ["a broker that closes the connection", broker, (socket) => socket.destroy()],
    ["a broker that does not speak TLS", brokerByTls, (socket) => socket.end("AMQP\0\0\x09\x01")],
    ["a broker that does not answer", broker, () => undefined],
    ["a backend that does not answer", backend, () => undefined],
  ])("exits at once with the error of the module, even with %s", async (_, env, answer) => {
    const server = createServer();
    await once(server.listen(0, "127.0.0.1"), "listening");
    closeAtEnd({ close: () => new Promise((resolve) => server.close(resolve)) });
    const met = new Promise<unknown>((resolve) =>
      server.on("connection", (socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => {
          answer(socket);
          resolve(socket.destroyed || socket.writableEnded ? once(socket, "close") : undefined);
        });
      }),
    );
    const { run, go } = start(sharedHost(), "./late-broken.mjs", env(String((server.address() as AddressInfo).port)));
    await met;
    await go();
    const startMs = performance.now();
    const { exitCode, stderr } = await run.end();
    expect(stderr).toContain("cannot be imported: Error: no model.onnx");
    expect(exitCode).toBe(65);
    // The timeout for a broker or backend that does not answer is ten seconds.
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});
