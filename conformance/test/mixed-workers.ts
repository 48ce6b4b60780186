import { type ChildProcess, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Channel, type ChannelModel, connect } from "amqplib";
import type { Broker } from "../src/broker.ts";
import { home, shared } from "../src/paths.ts";

/** A response of a worker. */
export interface Answer {
  readonly key: string;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Workers of both SDKs on one queue of one broker, and their answers. */
export class MixedWorkers {
  readonly answers: Answer[] = [];
  /** The number of jobs that were dead-lettered. */
  deadLetters = 0;
  readonly #events = new EventEmitter();
  readonly #children: ChildProcess[] = [];
  readonly #connection: ChannelModel;
  readonly #channel: Channel;
  readonly #env: NodeJS.ProcessEnv;
  readonly #python: string;
  readonly queue = "job_mixed";

  private constructor(connection: ChannelModel, channel: Channel, env: NodeJS.ProcessEnv, python: string) {
    this.#connection = connection;
    this.#channel = channel;
    this.#env = env;
    this.#python = python;
  }

  static async open(broker: Broker, vhost: string, backendUrl: string, python: string): Promise<MixedWorkers> {
    await manage(broker, "PUT", `/vhosts/${vhost}`);
    await manage(broker, "PUT", `/permissions/${vhost}/guest`, { configure: ".*", write: ".*", read: ".*" });
    const connection = await connect(`amqp://127.0.0.1:${broker.port}/${vhost}`);
    const channel = await connection.createChannel();
    const env = {
      PATH: process.env.PATH,
      AMQP_TLS: "false",
      AMQP_PORT: String(broker.port),
      AMQP_VHOST: vhost,
      AMQP_QUEUE: "job_mixed",
      BACKEND_HOSTNAME: backendUrl,
      BACKEND_USERNAME: "worker@example.org",
      BACKEND_PASSWORD: "pass",
      // A job in progress at the drain is requeued.
      MCAI_DRAIN_TIMEOUT_MS: "500",
    };
    const mixed = new MixedWorkers(connection, channel, env, python);
    await mixed.#listen();
    return mixed;
  }

  /** Starts a worker; resolves with its instance id when it accepts jobs. */
  async start(sdk: "python" | "ours"): Promise<{ readonly child: ChildProcess; readonly instanceId: string }> {
    const program = sdk === "python" ? this.#python : join(home, "bin", "launch");
    const before = this.answers.length;
    const child = spawn(program, ["core_worker.py"], {
      cwd: join(shared, "peer", "workers"),
      env: this.#env,
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#children.push(child);
    let said = "";
    child.stderr?.on("data", (data) => {
      said += data;
    });
    const died = once(child, "exit").then(([code]) => {
      throw new Error(`the ${sdk} worker ended with ${code}: ${said}`);
    });
    died.catch(() => undefined);
    const [created] = await Promise.race([this.waitFor("worker_created", 1, before), died]);
    return { child, instanceId: String(created?.body.instance_id) };
  }

  /** Publishes a job. */
  job(jobId: number, action: string, number?: number): void {
    const parameters = [{ id: "action", type: "string", value: action }];
    const all = number === undefined ? parameters : [...parameters, { id: "number", type: "integer", value: number }];
    const body = Buffer.from(JSON.stringify({ job_id: jobId, parameters: all }));
    this.#channel.publish("job_submit", this.queue, body, { deliveryMode: 2 });
  }

  /** Publishes an order to all workers. */
  broadcast(order: object): void {
    this.#channel.publish("direct_messaging", "", Buffer.from(JSON.stringify(order)), {
      headers: { broadcast: "true" },
    });
  }

  /** Resolves with the answers of a kind when there are at least `count`. */
  async waitFor(key: string, count: number, from = 0): Promise<Answer[]> {
    for (;;) {
      const found = this.answers.slice(from).filter((answer) => answer.key === key);
      if (found.length >= count) return found;
      await once(this.#events, "answer");
    }
  }

  /** Returns the number of waiting messages and of consumers of the job queue. */
  checkQueue(): Promise<{ messageCount: number; consumerCount: number }> {
    return this.#channel.checkQueue(this.queue);
  }

  async close(): Promise<void> {
    for (const child of this.#children) if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await this.#connection.close();
  }

  // Declares the exchanges first, as a backend does.
  async #listen(): Promise<void> {
    const channel = this.#channel;
    for (const name of ["job_submit", "job_response", "worker_response", "direct_messaging"]) {
      const alternate = name === "job_submit" ? "job_queue_not_found" : `${name}_not_found`;
      const type = name === "direct_messaging" ? "headers" : "topic";
      await channel.assertExchange(name, type, { durable: true, alternateExchange: alternate });
    }
    await channel.assertExchange("job_delayed", "fanout", { durable: true });
    const { queue } = await channel.assertQueue("", { exclusive: true });
    for (const exchange of ["job_response", "worker_response", "job_delayed"])
      await channel.bindQueue(queue, exchange, "#");
    const take = (message: { fields: { exchange: string; routingKey: string }; content: Buffer } | null) => {
      if (!message) return;
      const { exchange, routingKey: key } = message.fields;
      if (exchange === "job_delayed") this.deadLetters++;
      else this.answers.push({ key, body: JSON.parse(message.content.toString()) });
      this.#events.emit("answer");
    };
    await channel.consume(queue, take, { noAck: true });
  }
}

async function manage(broker: Broker, method: string, path: string, body: object = {}): Promise<void> {
  const authorization = `Basic ${Buffer.from("guest:guest").toString("base64")}`;
  const headers = { authorization, "content-type": "application/json" };
  const url = `http://127.0.0.1:${broker.port + 1}/api${path}`;
  const response = await fetch(url, { method, headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${method} ${path}: HTTP ${response.status}`);
}

/** Returns the packages of the reference, in the version of the captures. */
export function referencePackages(): string[] {
  const readme = readFileSync(join(shared, "peer", "README.md"), "utf8");
  const version = /mcai-worker-sdk==([\d.]+)/.exec(readme)?.[1] ?? "2.1.1";
  return [`mcai-worker-sdk==${version}`, "json-strong-typing"];
}
