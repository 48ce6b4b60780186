import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, describe, expect, it, vi } from "vitest";
import { useVirtualHost, type VirtualHost } from "./broker.ts";
import { runWorkerOn, startWorker, urlOf } from "./broker-worker.ts";
import { openWorkersFolder } from "./run-local.ts";
import { Wire } from "./wire.ts";

const sharedHost = useVirtualHost();
const folder = await openWorkersFolder();
const opened: { close(): Promise<unknown> }[] = [{ close: () => folder.remove() }];
afterAll(async () => {
  for (const one of opened.reverse()) await one.close();
});

// Workers that are known, or set up, only when the file of the variable GO is there.
await folder.write(
  "wait.mjs",
  `import { existsSync } from "node:fs";
   import { setTimeout } from "node:timers/promises";
   export const wait = async () => { while (!existsSync(process.env.GO)) await setTimeout(10); };`,
);
const late = `import actions from "./actions.mjs"; import { wait } from "./wait.mjs";`;
await folder.write("late-module.mjs", `${late} await wait(); export default actions;`);
await folder.write("late-setup.mjs", `${late} export default { ...actions, setup: wait };`);
await folder.write("late-broken.mjs", `${late} await wait(); throw new Error("no model.onnx");`);

let count = 0;

function start(host: VirtualHost, worker: string, env: Record<string, string> = {}) {
  const [file, queue] = [`go-${++count}`, `job_start_${count}`];
  const run = runWorkerOn(folder, host, queue, { worker, env: { GO: file, ...env } });
  opened.push({
    close() {
      run.signal("SIGKILL");
      return run.end();
    },
  });
  return { run, queue, go: () => folder.write(file, "") };
}

/** The two connections of the worker of a queue, by the broker's names, once the broker shows them: it takes seconds. */
function connections({ vhost, manage }: VirtualHost, queue: string): Promise<string[]> {
  return vi.waitFor(
    async () => {
      const all = await manage("GET", `/vhosts/${vhost}/connections`);
      const own = (all as Connection[]).filter((one) =>
        one.client_properties?.connection_name?.startsWith(`${queue} (`),
      );
      expect(own).toHaveLength(2);
      return own.map(({ name }) => name);
    },
    { timeout: 20_000, interval: 100 },
  );
}

interface Connection {
  readonly name: string;
  readonly client_properties?: { readonly connection_name?: string };
}

/** The names of all that is declared in a virtual host. */
async function declared({ vhost, manage }: VirtualHost): Promise<string[]> {
  const lists = await Promise.all(["queues", "exchanges"].map((kind) => manage("GET", `/${kind}/${vhost}`)));
  return lists.flatMap((list) => (list as { name: string }[]).map(({ name }) => name));
}

describe.concurrent.each(["module", "setup"])("the broker and a worker whose %s takes its time", (what) => {
  // Of its own, so that nobody else declares anything there.
  const host = useVirtualHost();

  it("are connected, also again, and nothing is declared before it is ready", { timeout: 60_000 }, async () => {
    const before = await declared(host());
    const { run, queue, go } = start(host(), `./late-${what}.mjs`);
    const first = await connections(host(), queue);
    for (const name of first) await host().manage("DELETE", `/connections/${encodeURIComponent(name)}`);
    await run.waitFor(/(was lost: .*next attempt[\s\S]*){2}/);
    const second = await connections(host(), queue);
    expect(second.filter((name) => first.includes(name))).toEqual([]);
    expect(await declared(host())).toEqual(before);
    const wire = await Wire.open(urlOf(host()), queue);
    await go();
    await wire.next("worker_created");
    run.signal("SIGTERM");
    await wire.next("worker_terminated");
    const { exitCode, stderr } = await run.end();
    expect(exitCode).toBe(0);
    expect(stderr.match(/was lost/g)).toHaveLength(2);
    await wire.close();
  });

  it("are parted by a signal", { timeout: 60_000 }, async () => {
    const { run, queue } = start(sharedHost(), `./late-${what}.mjs`);
    await connections(sharedHost(), queue);
    run.signal("SIGTERM");
    const { exitCode, stderr } = await run.end();
    expect(exitCode).toBe(0);
    expect(stderr).not.toContain("Connected to the broker");
  });
});

it.concurrent("keeps its connections while its module blocks for longer than three heartbeats", {
  timeout: 30_000,
}, async () => {
  const block = "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 4000);";
  await folder.write("blocking.mjs", `${block} export { default } from "./actions.mjs";`);
  const env = { AMQP_HEARTBEAT: "1", AMQP_CONNECTION_MAX_RETRY: "0" };
  const { run, close } = await startWorker(folder, sharedHost(), { worker: "./blocking.mjs", env });
  run.signal("SIGTERM");
  expect((await run.end()).stderr).not.toContain("was lost");
  await close();
});

describe.concurrent("a module that is broken", { timeout: 30_000 }, () => {
  const error = "cannot be imported: Error: no model.onnx";

  it("is what the worker ends with where no broker is", async () => {
    const { run, go } = start(sharedHost(), "./late-broken.mjs", { AMQP_PORT: "1" });
    await run.waitFor(/(next attempt[\s\S]*){2}/);
    await go();
    const { exitCode, stderr } = await run.end();
    expect(stderr).toContain(error);
    expect(exitCode).toBe(65);
  });

  it.each<[what: string, answer: string, env: (port: string) => Record<string, string>]>([
    ["the broker refuses", "AMQP\0\0\x09\x01", (port) => ({ AMQP_PORT: port, AMQP_TLS: "true" })],
    ["the broker answers nothing", "", (port) => ({ AMQP_PORT: port })],
    ["the backend answers nothing", "", (port) => ({ BACKEND_HOSTNAME: `http://127.0.0.1:${port}/api` })],
  ])("is what the worker ends with, at once, where %s", async (_, answer, env) => {
    const server = createServer({ allowHalfOpen: false });
    await once(server.listen(0, "127.0.0.1"), "listening");
    opened.push({ close: () => new Promise((resolve) => server.close(resolve)) });
    const met = new Promise<void>((resolve) =>
      server.on("connection", (socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => (answer ? socket.end(answer) : resolve()));
        socket.once("close", resolve);
      }),
    );
    const { port } = server.address() as AddressInfo;
    const { run, go } = start(sharedHost(), "./late-broken.mjs", env(String(port)));
    await met;
    await go();
    const startMs = performance.now();
    const { exitCode, stderr } = await run.end();
    expect(stderr).toContain(error);
    expect(exitCode).toBe(65);
    // Ten seconds is what either may take to answer.
    expect(performance.now() - startMs).toBeLessThan(5000);
  });
});
