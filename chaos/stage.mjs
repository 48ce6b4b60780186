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

/**
 * @import { Broker, BrokerOptions } from "../scripts/broker.mjs"
 * @import { Options } from "amqplib"
 * @typedef {keyof typeof brokerKinds} BrokerKind
 * @typedef {Awaited<ReturnType<typeof openWorkersFolder>>} WorkersFolder
 * @typedef {{ port?: number, env?: NodeJS.ProcessEnv, readsLog?: boolean }} WorkerOptions
 */

/** The brokers of the suite. `cluster` is what AMQP_SERVER_CONFIGURATION makes of the queues: quorum ones. */
export const brokerKinds = {
  "3.10-classic": { version: "3.10", cluster: false },
  "3.10-quorum": { version: "3.10", cluster: true },
  "4.3-classic": { version: "4.3", cluster: false },
  "4.3-quorum": { version: "4.3", cluster: true },
};

/** What the scenarios of one kind of broker share: the broker, and what must be ended afterwards. */
export class Stage {
  /** @type {Promise<Broker> | undefined} */
  #shared;
  /** @type {Promise<WorkersFolder> | undefined} */
  #folder;

  /**
   * @param {BrokerKind} kind
   * @param {{ isShort: boolean, random: () => number }} options
   */
  constructor(kind, { isShort, random }) {
    const { version, cluster } = brokerKinds[kind];
    this.kind = kind;
    this.version = version;
    this.cluster = cluster;
    this.isShort = isShort;
    this.random = random;
  }

  /** The broker that the scenarios share. */
  get broker() {
    this.#shared ??= startBroker({ version: this.version, management: true });
    return this.#shared;
  }

  /**
   * Starts a cluster of three nodes for one scenario.
   * @param {BrokerOptions["config"]} config
   */
  startCluster(config) {
    return startCluster({ version: this.version, management: true, config });
  }

  /**
   * A virtual host of its own, with a backend and a trace.
   * @param {{ nodes?: readonly Broker[] }} [options] `nodes`: of a cluster, instead of the shared broker
   */
  async scene({ nodes } = {}) {
    this.#folder ??= openWorkersFolder();
    return Scene.open(this, nodes ?? [await this.broker], await this.#folder);
  }

  async close() {
    await (await this.#shared?.catch(() => undefined))?.stop();
    await (await this.#folder)?.remove();
  }
}

/** One scenario's virtual host, workers, proxies, backend and trace. All of it ends with `close`. */
export class Scene {
  queue = "job_chaos";
  /** @type {WorkerProcess[]} */
  workers = [];
  #stage;
  #folder;
  /** @type {(() => unknown)[]} */
  #closing = [];
  #nextId = 1;

  /**
   * @param {Stage} stage
   * @param {readonly Broker[]} nodes
   * @param {WorkersFolder} folder
   */
  static async open(stage, nodes, folder) {
    const vhost = `chaos-${randomUUID()}`;
    const [broker] = nodes;
    if (!broker) throw new Error("a scene needs a broker");
    await manage(broker, "PUT", `/vhosts/${vhost}`, {});
    await manage(broker, "PUT", `/permissions/${vhost}/guest`, { configure: ".*", write: ".*", read: ".*" });
    const urls = nodes.map(({ port }) => `amqp://guest:guest@127.0.0.1:${port}/${vhost}`);
    const backend = await Backend.open(urls, stage.cluster);
    const traceFolder = await mkdtemp(join(tmpdir(), "mcai-trace-"));
    const scene = new Scene(stage, broker, nodes, folder, vhost, backend, new Trace(join(traceFolder, "trace.jsonl")));
    scene.defer(() => backend.close());
    scene.defer(() => rm(traceFolder, { recursive: true, force: true }));
    return scene;
  }

  /**
   * @param {Stage} stage
   * @param {Broker} broker
   * @param {readonly Broker[]} nodes
   * @param {WorkersFolder} folder
   * @param {string} vhost
   * @param {Backend} backend
   * @param {Trace} trace
   */
  constructor(stage, broker, nodes, folder, vhost, backend, trace) {
    this.#stage = stage;
    this.broker = broker;
    this.nodes = nodes;
    this.#folder = folder;
    this.vhost = vhost;
    this.backend = backend;
    this.trace = trace;
  }

  /** A job's id that was not used before. */
  nextId() {
    return this.#nextId++;
  }

  /** A proxy between workers and the broker. */
  async proxy() {
    const proxy = await FaultProxy.open(this.broker.port);
    this.#closing.push(() => proxy.close());
    return proxy;
  }

  /**
   * Starts a worker's process, without waiting.
   * @param {WorkerOptions} [options]
   */
  spawn({ port = this.broker.port, env = {}, readsLog = true } = {}) {
    const all = {
      AMQP_HOSTNAME: "127.0.0.1",
      AMQP_PORT: String(port),
      AMQP_VHOST: this.vhost,
      AMQP_TLS: "false",
      AMQP_QUEUE: this.queue,
      DIRECT_MESSAGING_IDENTIFIER: randomUUID(),
      CHAOS_TRACE: this.trace.file,
      ...(this.#stage.cluster && { AMQP_SERVER_CONFIGURATION: "cluster" }),
      ...env,
    };
    const worker = new WorkerProcess(this.#folder, all, { readsLog });
    this.workers.push(worker);
    return worker;
  }

  /**
   * Starts a worker's process and waits until it consumes.
   * @param {WorkerOptions} [options]
   */
  async start(options) {
    const worker = this.spawn(options);
    await worker.logged(/Connected to the broker .*\(consumes\)[\s\S]*/);
    return worker;
  }

  /**
   * Sends a new job, and returns its id.
   * @param {Readonly<Record<string, string | number>>} values
   * @param {Options.Publish} [properties]
   */
  async send(values, properties) {
    const jobId = this.nextId();
    await this.backend.sendJob(this.queue, jobId, values, properties);
    return jobId;
  }

  /**
   * Asks the broker's management API; of a cluster the first node's, unless another is given.
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {Broker} [node]
   */
  manage(method, path, body, node = this.broker) {
    return manage(node, method, path, body);
  }

  /**
   * Has something ended with the scenario.
   * @param {() => unknown} action
   */
  defer(action) {
    this.#closing.push(action);
  }

  async close() {
    await Promise.all(this.workers.map((worker) => worker.kill()));
    for (const action of this.#closing.reverse()) await action();
    await this.manage("DELETE", `/vhosts/${this.vhost}`).catch(() => undefined);
  }
}

/**
 * @param {Broker} node
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 */
async function manage(node, method, path, body) {
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
