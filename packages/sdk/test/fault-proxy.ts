import { createConnection, createServer, type Server, type Socket } from "node:net";

/** A TCP proxy before a broker, that can cut what passes, or fall silent. */
export class FaultProxy {
  readonly port: number;
  readonly #server: Server;
  readonly #pairs: Set<readonly [Socket, Socket]>;
  #refusing = false;

  private constructor(server: Server, port: number, pairs: Set<readonly [Socket, Socket]>) {
    this.#server = server;
    this.port = port;
    this.#pairs = pairs;
  }

  /** Listens on a port of its own, and forwards to a port of the loopback. */
  static async open(targetPort: number): Promise<FaultProxy> {
    const pairs = new Set<readonly [Socket, Socket]>();
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const proxy = new FaultProxy(server, typeof address === "object" && address ? address.port : 0, pairs);
    server.on("connection", (client) => proxy.#forward(client, targetPort));
    return proxy;
  }

  /** How many connections pass now. */
  get connections(): number {
    return this.#pairs.size;
  }

  /** Cuts every connection, by a reset. */
  cut(): void {
    for (const [client, target] of this.#pairs) {
      client.resetAndDestroy();
      target.resetAndDestroy();
    }
  }

  /** Lets nothing through any more, in either direction, and tells nobody. New connections are taken all the same. */
  fallSilent(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  /** Refuses new connections, or takes them again. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(client: Socket, targetPort: number): void {
    if (this.#refusing) return void client.resetAndDestroy();
    const target = createConnection({ port: targetPort, host: "127.0.0.1", noDelay: true });
    const pair = [client, target] as const;
    this.#pairs.add(pair);
    for (const [from, to] of [pair, [target, client] as const]) {
      from.on("data", (bytes) => void to.write(bytes));
      from.on("error", () => undefined);
      from.on("close", () => {
        to.destroy();
        this.#pairs.delete(pair);
      });
    }
  }
}
