// The process that owns one broker. It does what its starter asks over the channel between them; when that channel
// closes, however its starter ended, it ends what it started, removes its folder and ends.
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { writeConfiguration } from "./configuration.mjs";
import { Container } from "./container.mjs";
import { greetedVersion, listens } from "./greeting.mjs";
import { InstalledNode } from "./installed-node.mjs";
import { claimPorts } from "./ports.mjs";

const startTimeoutMs = 120_000;
const stopTimeoutMs = 60_000;

class Keeper {
  #folder;
  #ports;
  #listening;
  #node;
  #process;
  #paused = false;
  #starting;
  #ending;

  async start({ server, joins, tls, management, config }) {
    this.#starting = this.#prepare(server, joins, { tls, management, config });
    return this.#starting;
  }

  async #prepare(server, joins, options) {
    this.#folder = await mkdtemp(join(tmpdir(), "mcai-broker-"));
    this.#ports = await claimPorts();
    const { amqp, tls, management } = this.#ports;
    this.#listening = [...(options.tls ? [tls] : []), ...(options.management ? [management] : [])];
    const Node = server.kind === "image" ? Container : InstalledNode;
    const settings = { ...options, address: Node.address };
    const { caFile, environment } = await writeConfiguration(this.#folder, this.#ports, settings);
    this.#node = new Node(server, this.#folder, this.#ports, environment, joins);
    const version = await this.#boot();
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
    await this.#node.signal(this.#running(), "SIGSTOP");
    this.#paused = true;
  }

  async resume() {
    await this.#node.signal(this.#running(), "SIGCONT");
    this.#paused = false;
  }

  async restart() {
    if (this.#isRunning()) {
      if (this.#paused) await this.resume();
      await this.#end("SIGTERM");
    }
    this.#starting = this.#boot();
    await this.#starting;
  }

  async ctl(args) {
    this.#running();
    return this.#node.ctl(args);
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

  async #boot() {
    this.#paused = false;
    this.#goOn();
    this.#process = await this.#node.start();
    const deadline = Date.now() + startTimeoutMs;
    for (;;) {
      this.#goOn();
      if (!this.#isRunning()) throw new Error(`the broker ended while it started: ${await this.#lastLines()}`);
      const version = await greetedVersion(this.#ports.amqp);
      if (version && (await Promise.all(this.#listening.map(listens))).every((one) => one)) return version;
      if (Date.now() > deadline) throw new Error(`the broker was not ready in time: ${await this.#lastLines()}`);
      await delay(50);
    }
  }

  #goOn() {
    if (this.#ending) throw new Error("the broker was stopped");
  }

  async #end(signal) {
    const node = this.#running();
    const ended = once(node, "close"); // also of the programs that it has started
    await this.#node.signal(node, signal);
    const timeout = setTimeout(() => this.#node.signal(node, "SIGKILL").catch(() => {}), stopTimeoutMs);
    await ended;
    clearTimeout(timeout);
  }

  #isRunning() {
    const { pid, exitCode, signalCode } = this.#process ?? {};
    return pid !== undefined && exitCode === null && signalCode === null;
  }

  #running() {
    if (!this.#isRunning()) throw new Error("the broker is not running");
    return this.#process;
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

process.on("message", async ({ id, action, argument }) => {
  const answer = await keeper[action](argument).then(
    (value) => ({ id, value }),
    (error) => ({ id, error: error.message }),
  );
  if (process.connected) process.send(answer, () => {});
});
process.on("disconnect", stopAndExit);
process.on("uncaughtException", async (error) => {
  console.error(error);
  await stopAndExit();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stopAndExit);
