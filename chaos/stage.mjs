import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startCluster } from "../scripts/broker/cluster.mjs";
import { startBroker } from "../scripts/broker.mjs";
import { Backend } from "./backend.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { Trace } from "./trace.mjs";
import { openWorkersFolder, WorkerProcess } from "./worker-process.mjs";

/** The brokers of the suite. `cluster` is what AMQP_SERVER_CONFIGURATION makes of the queues: quorum ones. */
export const brokerKinds = {
  "3.10-classic": { version: "3.10", cluster: false },
  "3.10-quorum": { version: "3.10", cluster: true },
  "4.3-classic": { version: "4.3", cluster: false },
  "4.3-quorum": { version: "4.3", cluster: true },
};

/** What the scenarios of one kind of broker share: the broker, and what must be ended afterwards. */
export class Stage {
  #shared;
  #folder;

  constructor(kind, { isShort, random }) {
    Object.assign(this, brokerKinds[kind], { kind, isShort, random });
  }

  /** The broker that the scenarios use in turn; one that needs another takes `startBroker`. */
  get broker() {
    this.#shared ??= startBroker({ version: this.version, management: true });
    return this.#shared;
  }

  /** Starts a broker for one scenario. */
  startBroker(config) {
    return startBroker({ version: this.version, management: true, config });
  }

  /** Starts a cluster of three nodes for one scenario. */
  startCluster(config) {
    return startCluster({ version: this.version, management: true, config });
  }

  /** A virtual host of its own, with a backend and a trace. `nodes`: of a cluster, in place of a single broker. */
  async scene({ broker = this.broker, nodes } = {}) {
    this.#folder ??= openWorkersFolder();
    const scene = new Scene(this, nodes ?? [await broker], await this.#folder);
    await scene.open();
    return scene;
  }

  async close() {
    await (await this.#shared?.catch(() => undefined))?.stop();
    await (await this.#folder)?.remove();
  }
}

/** One scenario's virtual host, workers, proxies, backend and trace. All of it ends with `close`. */
class Scene {
  queue = "job_chaos";
  vhost = `chaos-${randomUUID()}`;
  workers = [];
  #stage;
  #folder;
  #closing = [];
  #nextId = 1;

  constructor(stage, nodes, folder) {
    this.#stage = stage;
    this.nodes = nodes;
    this.broker = nodes[0];
    this.#folder = folder;
  }

  async open() {
    const { nodes, vhost } = this;
    await this.manage("PUT", `/vhosts/${vhost}`, {});
    await this.manage("PUT", `/permissions/${vhost}/guest`, { configure: ".*", write: ".*", read: ".*" });
    const urls = nodes.map(({ port }) => `amqp://guest:guest@127.0.0.1:${port}/${vhost}`);
    this.backend = await Backend.open(urls, this.#stage.cluster);
    this.#closing.push(() => this.backend.close());
    const folder = await mkdtemp(join(tmpdir(), "mcai-trace-"));
    this.trace = new Trace(join(folder, "trace.jsonl"));
    this.#closing.push(() => rm(folder, { recursive: true, force: true }));
  }

  /** A job's id that was not used before. */
  nextId() {
    return this.#nextId++;
  }

  /** A proxy before the broker. */
  async proxy() {
    const proxy = await FaultProxy.open(this.broker.port);
    this.#closing.push(() => proxy.close());
    return proxy;
  }

  /** Starts a worker's process, without waiting. */
  spawn({ port = this.broker.port, env = {} } = {}) {
    const worker = new WorkerProcess(this.#folder, {
      AMQP_HOSTNAME: "127.0.0.1",
      AMQP_PORT: String(port),
      AMQP_VHOST: this.vhost,
      AMQP_TLS: "false",
      AMQP_QUEUE: this.queue,
      DIRECT_MESSAGING_IDENTIFIER: randomUUID(),
      CHAOS_TRACE: this.trace.file,
      ...(this.#stage.cluster && { AMQP_SERVER_CONFIGURATION: "cluster" }),
      ...env,
    });
    this.workers.push(worker);
    return worker;
  }

  /** Starts a worker's process and waits until it consumes. */
  async start(options) {
    const worker = this.spawn(options);
    await worker.logged(/Connected to the broker .*\(consumes\)[\s\S]*/);
    return worker;
  }

  /** Sends a new job, and gives its id. */
  async send(values, properties) {
    const jobId = this.nextId();
    await this.backend.sendJob(this.queue, jobId, values, properties);
    return jobId;
  }

  /** Asks the broker's management API; of a cluster the first node's, unless another is given. */
  async manage(method, path, body, node = this.broker) {
    const response = await fetch(`http://127.0.0.1:${node.managementPort}/api${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from("guest:guest").toString("base64")}`,
        "content-type": "application/json",
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Has something ended with the scenario. */
  defer(action) {
    this.#closing.push(action);
  }

  async close() {
    await Promise.all(this.workers.map((worker) => worker.kill()));
    for (const action of this.#closing.reverse()) await action();
    await this.manage("DELETE", `/vhosts/${this.vhost}`).catch(() => undefined);
  }
}
