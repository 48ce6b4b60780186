// A private RabbitMQ on the loopback, for tests. As a command:
// node scripts/broker.mjs start [--version 3.10|4.0|4.3] [--tls] [--management]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { findServer } from "./broker/server.mjs";

/**
 * Options of a private broker.
 * @typedef {object} BrokerOptions
 * @property {string | undefined} [version] "3.10", "4.0" or "4.3"; by default the installed version, else that of
 *   Debian's package or of a docker image
 * @property {boolean} [tls] Also listens with TLS, by a certificate for localhost and 127.0.0.1. Default: false
 * @property {boolean} [management] Also has the management plug-in and its HTTP API. Default: false
 * @property {readonly string[]} [plugins] Other plug-ins of the server. Default: []
 * @property {Readonly<Record<string, string | number | boolean>>} [config] Lines of rabbitmq.conf by their keys. Default: {}
 * @property {Broker | undefined} [joins] The first node of the cluster that it joins; that node must stop last. Not with
 *   docker images
 */

/**
 * Where a broker listens, as plain data. User and password are `guest`.
 * @typedef {object} BrokerAddress
 * @property {string} hostname
 * @property {number} port
 * @property {number | undefined} tlsPort undefined without TLS
 * @property {string | undefined} caFile the PEM file of the authority to trust; undefined without TLS
 * @property {number | undefined} managementPort undefined without management
 * @property {string} version the full version that the broker reports
 * @property {string} node the name of its Erlang node
 */

/**
 * Controls a private broker.
 * @typedef {object} BrokerControl
 * @property {(...args: string[]) => Promise<string>} ctl Runs rabbitmqctl, which takes about a second, and returns
 *   its output; a failure is an Error with its standard error
 * @property {() => Promise<void>} kill Kills it with SIGKILL, as in a crash, and resolves when it has ended; its data remain
 * @property {() => Promise<void>} pause Stops its process by SIGSTOP: connections stay open and nothing answers
 * @property {() => Promise<void>} resume Continues a paused broker
 * @property {() => Promise<void>} restart Starts it again on the same ports and data, after a clean stop if it runs, and
 *   resolves when it answers
 * @property {() => Promise<void>} stop Stops it and removes all its data
 */

/** @typedef {BrokerAddress & BrokerControl & AsyncDisposable} Broker */

/**
 * What the keeper needs to start a broker.
 * @typedef {import("./broker/configuration.mjs").NodeOptions & {
 *   server: import("./broker/server.mjs").InstalledServer | import("./broker/server.mjs").ServerImage,
 *   joins?: import("./broker/installed-node.mjs").Home | undefined,
 * }} StartRequest
 */

/**
 * What the keeper has started.
 * @typedef {BrokerAddress & import("./broker/installed-node.mjs").Home} Started
 */

/**
 * What the keeper is asked, over its channel.
 * @typedef {{ id: number } & (
 *   | { action: "start", argument: StartRequest }
 *   | { action: "ctl", argument: readonly string[] }
 *   | { action: "kill" | "pause" | "resume" | "restart", argument?: undefined }
 * )} Request
 */

// What the nodes of a cluster share with the first one: the folder with the cookie, and the port of epmd.
/** @type {WeakMap<Broker, import("./broker/installed-node.mjs").Home>} */
const homes = new WeakMap();

/**
 * Starts a private RabbitMQ on the loopback, with its own folder, name, ports and cookie, and resolves when it answers
 * AMQP. However the process that called it ends, the broker stops and its data are removed.
 * @param {BrokerOptions} [options]
 * @returns {Promise<Broker>}
 * @throws {RangeError} If the version is unknown.
 * @throws {Error} With the code NO_BROKER if there is no RabbitMQ and no way to install one.
 * @example
 * await using broker = await startBroker({ tls: true });
 * await connect({ hostname: broker.hostname, port: broker.port });
 */
export async function startBroker({ version, tls = false, management = false, plugins = [], config = {}, joins } = {}) {
  const server = await findServer(version);
  // In a session of its own: a Ctrl-C is for the starter, whose end closes the channel.
  const keeper = spawn(process.execPath, [join(import.meta.dirname, "broker/keeper.mjs")], {
    detached: true,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    env: { ...process.env, NODE_OPTIONS: "" },
  });
  const ended = once(keeper, "exit");
  const ask = askBy(keeper);
  const stop = async () => {
    if (keeper.connected) keeper.disconnect();
    keeper.ref();
    await ended;
  };
  try {
    const home = joins && homes.get(joins);
    const started = await ask("start", { server, joins: home, tls, management, plugins, config });
    if (joins) for (const args of [["stop_app"], ["join_cluster", joins.node], ["start_app"]]) await ask("ctl", args);
    const { folder, epmdPort, ...settings } = /** @type {Started} */ (started);
    /** @type {Broker} */
    const broker = {
      ...settings,
      ctl: async (...args) => String(await ask("ctl", args)),
      kill: async () => void (await ask("kill")),
      pause: async () => void (await ask("pause")),
      resume: async () => void (await ask("resume")),
      restart: async () => void (await ask("restart")),
      stop,
      [Symbol.asyncDispose]: stop,
    };
    homes.set(broker, { folder, epmdPort });
    return broker;
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * Asks the keeper over its channel, which keeps this process alive only while an answer is awaited.
 * @param {import("node:child_process").ChildProcess} keeper
 * @returns {(action: Request["action"], argument?: Request["argument"]) => Promise<unknown>}
 */
function askBy(keeper) {
  /** @type {Map<number, { resolve: (value: unknown) => void, reject: (error: Error) => void }>} */
  const awaited = new Map();
  let lastId = 0;
  const rest = () => {
    if (awaited.size > 0) return;
    keeper.unref();
    keeper.channel?.unref();
  };
  keeper.on("message", (message) => {
    const { id, value, error } = /** @type {{ id: number, value?: unknown, error?: string }} */ (message);
    const waiting = awaited.get(id);
    awaited.delete(id);
    if (error === undefined) waiting?.resolve(value);
    else waiting?.reject(new Error(error));
    rest();
  });
  keeper.on("exit", () => {
    for (const { reject } of awaited.values()) reject(new Error("the broker's keeper has ended"));
    awaited.clear();
  });
  return (action, argument) =>
    new Promise((resolve, reject) => {
      if (!keeper.connected) throw new Error("the broker was stopped");
      const id = ++lastId;
      awaited.set(id, { resolve, reject });
      keeper.ref();
      keeper.channel?.ref();
      keeper.send({ id, action, argument }, (error) => error && reject(error));
    });
}

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      version: { type: "string" },
      tls: { type: "boolean", default: false },
      management: { type: "boolean", default: false },
    },
  });
  if (positionals.join() !== "start") throw new Error("Usage: broker.mjs start [--version V] [--tls] [--management]");
  const ending = new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, resolve);
  });
  const broker = await startBroker(values);
  const { hostname, port, tlsPort, caFile, managementPort, version } = broker;
  console.log(`RABBITMQ_VERSION=${version}\nAMQP_HOSTNAME=${hostname}\nAMQP_PORT=${port}\nAMQP_TLS=false`);
  if (tlsPort) console.log(`AMQP_TLS_PORT=${tlsPort}\nAMQP_TLS_CERT=${caFile}`);
  if (managementPort) console.log(`RABBITMQ_MANAGEMENT_URL=http://${hostname}:${managementPort}`);
  console.error("Login guest, password guest. Ctrl-C stops it and removes its data.");
  const alive = setInterval(() => {}, 2 ** 30);
  await ending;
  clearInterval(alive);
  await broker.stop();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href)
  await main().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
