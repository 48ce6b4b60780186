// The process that owns one broker. It does what its starter asks over the channel between them; when that channel
// closes, however its starter ended, it ends what it started, removes its folder and ends.
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "./command.mjs";
import { writeConfiguration } from "./configuration.mjs";
import { Container } from "./container.mjs";
import { greetedVersion, listens } from "./greeting.mjs";
import { InstalledNode } from "./installed-node.mjs";
import { claimPorts } from "./ports.mjs";

const startTimeoutMs = 120_000;
const stopTimeoutMs = 60_000;

class Keeper {
  #folder = "";
  /** @type {import("./ports.mjs").Ports | undefined} */
  #ports;
  /** @type {number[]} */
  #listening = [];
  /** @type {Container | InstalledNode | undefined} */
  #node;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  #paused = false;
  /** @type {Promise<unknown> | undefined} */
  #starting;
  /** @type {Promise<void> | undefined} */
  #ending;

  /** @param {import("../broker.mjs").StartRequest} request */
  async start({ server, joins, ...options }) {
    const prepared = this.#prepare(server, joins, options);
    this.#starting = prepared;
    return prepared;
  }

  /**
   * @param {import("./server.mjs").InstalledServer | import("./server.mjs").ServerImage} server
   * @param {import("./installed-node.mjs").Home | undefined} joins
   * @param {import("./configuration.mjs").NodeOptions} options
   * @returns {Promise<import("../broker.mjs").Started>}
   */
  async #prepare(server, joins, options) {
    this.#folder = await mkdtemp(join(tmpdir(), "mcai-broker-"));
    this.#ports = await claimPorts();
    const { amqp, tls, management } = this.#ports;
    this.#listening = [...(options.tls ? [tls] : []), ...(options.management ? [management] : [])];
    const { address } = server.kind === "image" ? Container : InstalledNode;
    const settings = { ...options, address };
    const { caFile, environment } = await writeConfiguration(this.#folder, this.#ports, settings);
    this.#node =
      server.kind === "image"
        ? new Container(server, this.#folder, this.#ports, environment, joins)
        : new InstalledNode(server, this.#folder, this.#ports, environment, joins);
    const version = await this.#boot(this.#node, amqp);
    return {
      hostname: "127.0.0.1",
      port: amqp,
      tlsPort: options.tls ? tls : undefined,
      caFile,
      managementPort: options.management ? management : undefined,
      version,
      node: this.#node.name,
      folder: this.#folder,
      epmdPort: joins?.epmdPort ?? this.#ports.epmd,
    };
  }

  async kill() {
    await this.#end("SIGKILL");
  }

  async pause() {
    const { node, running } = this.#running();
    await node.signal(running, "SIGSTOP");
    this.#paused = true;
  }

  async resume() {
    const { node, running } = this.#running();
    await node.signal(running, "SIGCONT");
    this.#paused = false;
  }

  async restart() {
    if (this.#isRunning()) {
      if (this.#paused) await this.resume();
      await this.#end("SIGTERM");
    }
    if (!this.#node || !this.#ports) throw new Error("the broker was never started");
    this.#starting = this.#boot(this.#node, this.#ports.amqp);
    await this.#starting;
  }

  /** @param {readonly string[]} args */
  async ctl(args) {
    return this.#running().node.ctl(args);
  }

  stop() {
    this.#ending ??= this.#stop();
    return this.#ending;
  }

  async #stop() {
    if (this.#isRunning()) await this.#end("SIGKILL");
    await this.#starting?.catch(() => {});
    if (this.#isRunning()) await this.#end("SIGKILL");
    await this.#node?.remove();
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /**
   * @param {Container | InstalledNode} node
   * @param {number} port
   */
  async #boot(node, port) {
    this.#paused = false;
    this.#goOn();
    this.#process = await node.start();
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      this.#goOn();
      if (!this.#isRunning()) throw new Error(`the broker ended while it started: ${await this.#lastLines()}`);
      const version = await greetedVersion(port);
      if (version && (await Promise.all(this.#listening.map(listens))).every((one) => one)) return version;
      if (Date.now() > deadline) throw new Error(`the broker was not ready in time: ${await this.#lastLines()}`);
      await delay(50);
    }
  }

  #goOn() {
    if (this.#ending) throw new Error("the broker was stopped");
  }

  /** @param {NodeJS.Signals} signal */
  async #end(signal) {
    const { node, running } = this.#running();
    const ended = once(running, "close"); // also of the programs that it has started
    await node.signal(running, signal);
    const timeout = setTimeout(() => node.signal(running, "SIGKILL").catch(() => {}), stopTimeoutMs);
    await ended;
    clearTimeout(timeout);
  }

  #isRunning() {
    const { pid, exitCode, signalCode } = this.#process ?? {};
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  #running() {
    if (!this.#node || !this.#process || !this.#isRunning()) throw new Error("the broker is not running");
    return { node: this.#node, running: this.#process };
  }

  async #lastLines() {
    const folder = join(this.#folder, "log");
    const names = await readdir(folder);
    const logs = await Promise.all(names.map((name) => readFile(join(folder, name), "utf8").catch(() => "")));
    return logs.map((log) => log.trim().split("\n").slice(-15).join("\n")).join("\n");
  }
}

const keeper = new Keeper();

async function stopAndExit() {
  await keeper.stop().catch((error) => console.error(error));
  process.exit();
}

/** @param {import("../broker.mjs").Request} request */
async function handle(request) {
  const { action } = request;
  if (action === "start") return keeper.start(request.argument);
  if (action === "ctl") return keeper.ctl(request.argument);
  return keeper[action]();
}

/** @param {import("../broker.mjs").Request} request */
async function answer(request) {
  const { id } = request;
  const message = await handle(request).then(
    (value) => ({ id, value }),
    (error) => ({ id, error: messageOf(error) }),
  );
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
}

process.on("message", (request) => answer(/** @type {import("../broker.mjs").Request} */ (request)));
process.on("disconnect", stopAndExit);
process.on("uncaughtException", async (error) => {
  console.error(error);
  await stopAndExit();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stopAndExit);
