import { spawn } from "node:child_process";
import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./command.mjs";

/** @type {Partial<Record<NodeJS.Signals, string[]>>} */
const signals = { SIGSTOP: ["pause"], SIGCONT: ["unpause"] };

/** A node in a docker container that lives as long as the broker does: a kill or a restart keeps its data. */
export class Container {
  /** The address, inside, that the configuration must listen on; outside only the loopback has its ports. */
  static address = "0.0.0.0";

  /** The node's name, inside. */
  name = "broker@localhost";
  #create;
  #container;
  #created = false;
  #folder;

  /**
   * @param {import("./server.mjs").ServerImage} server
   * @param {string} folder
   * @param {import("./ports.mjs").Ports} ports
   * @param {Readonly<Record<string, string>>} environment
   * @param {import("./installed-node.mjs").Home | undefined} joins
   */
  constructor({ image }, folder, ports, environment, joins) {
    if (joins)
      throw new Error(`a cluster's nodes share one epmd: they need an installed server, not the image ${image}`);
    this.#folder = folder;
    this.#container = `mcai-broker-${ports.amqp}`;
    const published = [ports.amqp, ports.tls, ports.management];
    this.#create = [
      ...["create", "--name", this.#container, "--hostname", this.#container, "--volume", `${folder}:${folder}:ro`],
      ...published.flatMap((port) => ["--publish", `127.0.0.1:${port}:${port}`]),
      ...Object.entries({ ...environment, RABBITMQ_NODENAME: this.name }).flatMap(([key, value]) => [
        "--env",
        `${key}=${value}`,
      ]),
      image,
    ];
  }

  async start() {
    if (!this.#created) {
      // The server inside is another user.
      for (const path of [".", "tls/server.key"]) await chmod(join(this.#folder, path), 0o755).catch(() => {});
      await run("docker", this.#create);
      this.#created = true;
    }
    return spawn("docker", ["start", "--attach", this.#container], { stdio: "ignore" }).on("error", () => {});
  }

  /**
   * @param {unknown} _node
   * @param {NodeJS.Signals} name
   */
  async signal(_node, name) {
    await this.#docker(...(signals[name] ?? ["kill", "--signal", name]), this.#container);
  }

  /** @param {readonly string[]} args */
  ctl(args) {
    return this.#docker("exec", this.#container, "rabbitmqctl", ...args);
  }

  async remove() {
    if (this.#created) await this.#docker("rm", "--force", "--volumes", this.#container);
  }

  /** @param {string[]} args */
  #docker(...args) {
    return run("docker", args, { quiet: true });
  }
}
