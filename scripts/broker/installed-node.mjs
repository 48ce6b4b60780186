import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "./command.mjs";
import { listens } from "./greeting.mjs";

/**
 * What the nodes of a cluster take from its first one.
 * @typedef {object} Home
 * @property {string} folder has the cookie
 * @property {number} epmdPort
 */

/** A node of an installed or unpacked server: its Erlang machine, and an epmd of its own that tells Erlang programs its port. */
export class InstalledNode {
  /** The address that the configuration must listen on. */
  static address = "127.0.0.1";

  #server;
  #folder;
  #ports;
  #env;
  #joins;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #epmd;
  #removal = new AbortController();

  /**
   * @param {import("./server.mjs").InstalledServer} server
   * @param {string} folder
   * @param {import("./ports.mjs").Ports} ports
   * @param {Readonly<Record<string, string>>} environment
   * @param {Home | undefined} joins the first node of a cluster, whose cookie and epmd this one uses; they end with that node
   */
  constructor(server, folder, ports, environment, joins) {
    this.#server = server;
    this.#folder = folder;
    this.#ports = ports;
    this.#joins = joins;
    this.name = `broker-${ports.amqp}@localhost`;
    // The machine's own settings stay outside, and its Erlang programs cannot meet ours.
    this.#env = {
      ...environment,
      LANG: "C.UTF-8",
      HOME: joins?.folder ?? folder, // holds the cookie
      PATH: [join(server.home, "sbin"), server.path].join(":"),
      ERL_EPMD_PORT: String(joins?.epmdPort ?? ports.epmd),
      ERL_EPMD_ADDRESS: InstalledNode.address,
      RABBITMQ_NODENAME: this.name,
      RABBITMQ_DIST_PORT: String(ports.distribution),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-start_epmd false -kernel inet_dist_use_interface {127,0,0,1}",
      RABBITMQ_CTL_ERL_ARGS: "-start_epmd false -dist_listen false",
      RABBITMQ_MNESIA_BASE: join(folder, "data"),
      RABBITMQ_LOG_BASE: join(folder, "log"),
      RABBITMQ_PID_FILE: join(folder, "data/pid"),
      RABBITMQ_SCHEMA_DIR: join(folder, "schema"),
      RABBITMQ_GENERATED_CONFIG_DIR: join(folder, "schema"),
      RABBITMQ_PLUGINS_DIR: join(server.home, "plugins"),
      RUNNING_UNDER_SYSTEMD: "true", // the script becomes the Erlang machine, and so has its process id
    };
  }

  /** Starts the Erlang machine and gives its process. */
  async start() {
    if (!this.#joins && (this.#epmd?.exitCode !== null || this.#epmd?.signalCode !== null)) await this.#startEpmd();
    // Erlang sizes its tables by the limit of open files, which may be thousands of millions.
    const limit = 'ulimit -Sn 65536 2>/dev/null; exec "$0"';
    return this.#spawn("/bin/sh", ["-c", limit, join(this.#server.home, "sbin/rabbitmq-server")], "console.log");
  }

  /**
   * @param {import("node:child_process").ChildProcess} node
   * @param {NodeJS.Signals} name
   */
  async signal(node, name) {
    node.kill(name);
  }

  /** @param {readonly string[]} args */
  ctl(args) {
    /** @type {import("node:child_process").SpawnOptions & { quiet: boolean }} */
    const options = {
      env: this.#env,
      cwd: this.#folder,
      signal: this.#removal.signal,
      killSignal: "SIGKILL",
      quiet: true,
    };
    return run(join(this.#server.home, "sbin/rabbitmqctl"), args, options);
  }

  async remove() {
    this.#removal.abort();
    if (this.#epmd?.kill("SIGKILL")) await once(this.#epmd, "close");
  }

  async #startEpmd() {
    const { epmd } = this.#ports;
    this.#epmd = this.#spawn("epmd", ["-port", String(epmd), "-address", InstalledNode.address], "epmd.log");
    while (!(await listens(epmd))) {
      if (this.#epmd.exitCode !== null || this.#epmd.pid === undefined) throw new Error("epmd did not start");
      await delay(20);
    }
  }

  /**
   * @param {string} file
   * @param {readonly string[]} args
   * @param {string} log
   * @returns {import("node:child_process").ChildProcess}
   */
  #spawn(file, args, log) {
    const child = spawn(file, args, { env: this.#env, cwd: this.#folder, stdio: ["ignore", "pipe", "pipe"] });
    const output = createWriteStream(join(this.#folder, "log", log), { flags: "a" });
    child.on("error", (error) => output.write(`${error.message}\n`)); // it has no pid then
    child.stdout.pipe(output, { end: false });
    child.stderr.pipe(output, { end: false });
    child.once("close", () => output.end());
    return child;
  }
}
