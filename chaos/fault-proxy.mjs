import { createConnection, createServer } from "node:net";

/** A TCP proxy between workers and a broker, which can cut connections, or stop forwarding. */
export class FaultProxy {
  #server;
  /** @type {Set<readonly [import("node:net").Socket, import("node:net").Socket]>} */
  #pairs = new Set();
  #refusing = false;

  /**
   * @param {import("node:net").Server} server
   * @param {number} port where it listens
   * @param {number} targetPort
   */
  constructor(server, port, targetPort) {
    this.#server = server;
    this.port = port;
    server.on("connection", (client) => this.#forward(client, targetPort));
  }

  /**
   * Listens on a port of its own, and forwards to a port of the loopback.
   * @param {number} targetPort
   */
  static async open(targetPort) {
    const server = createServer({ noDelay: true });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const address = server.address();
    return new FaultProxy(server, typeof address === "object" && address ? address.port : 0, targetPort);
  }

  /** How many connections pass now. */
  get connections() {
    return this.#pairs.size;
  }

  /** Cuts every connection, by a reset. */
  cut() {
    for (const [client, target] of this.#pairs) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
  }

  /** Stops forwarding in both directions and keeps the connections open. New connections are still accepted. */
  fallSilent() {
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /**
   * Refuses new connections, or takes them again.
   * @param {boolean} refusing
   */
  refuse(refusing) {
    this.#refusing = refusing;
  }

  /** Cuts every connection and takes no more. */
  async close() {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /**
   * @param {import("node:net").Socket} client
   * @param {number} targetPort
   */
  #forward(client, targetPort) {
    if (this.#refusing) return void client.resetAndDestroy();
    const target = createConnection({ port: targetPort, host: "127.0.0.1", noDelay: true });
    const pair = /** @type {const} */ ([client, target]);
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [target, client]]) {
      from.on("data", (bytes) => void to.write(bytes));
      from.on("error", () => undefined);
      from.on("close", () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
