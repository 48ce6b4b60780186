import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** Options of {@link RefusingProxy}. */
interface RefusingProxyOptions {
  /** The address and the port to listen on. @default a free port of 127.0.0.1 */
  readonly host?: string;
  readonly port?: number;
  /** Which connections are refused: those whose name ends like this. @default all */
  readonly names?: string;
  /** Whether the broker's login mechanisms are hidden from the clients. @default false */
  readonly hidesMechanisms?: boolean;
  /** How long the refusal takes. @default 0 */
  readonly delayMs?: number;
}

/** A TCP proxy of a broker that refuses the login of connections, as a broker does that does not know the user. */
export class RefusingProxy {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  readonly host: string;
  readonly port: number;
  /** The number of logins that were refused. */
  refused = 0;

  private constructor(server: Server, targetPort: number, options: RefusingProxyOptions) {
    const { names = "", hidesMechanisms = false, delayMs = 0 } = options;
    this.#server = server;
    const { address, port } = server.address() as AddressInfo;
    this.host = address;
    this.port = port;
    server.on("connection", (client) => {
      this.#clients.add(client);
      const target = createConnection({ port: targetPort, host: "127.0.0.1", noDelay: true });
      for (const [from, to] of [
        [client, target],
        [target, client],
      ] as const) {
        from.on("error", () => undefined);
        from.on("close", () => to.destroy());
      }
      target.on("data", (bytes: Buffer) => {
        const hidden = hidesMechanisms ? bytes.toString("latin1").replaceAll("PLAIN", "OTHER") : undefined;
        client.write(hidden === undefined ? bytes : Buffer.from(hidden, "latin1"));
      });
      client.on("data", async (bytes: Buffer) => {
        const text = bytes.toString("latin1");
        // The answer to the first message of the broker has the name.
        if (!text.includes("connection_name") || !text.includes(names)) return void target.write(bytes);
        await delay(delayMs);
        this.refused++;
        client.end(loginRefused);
        target.destroy();
      });
    });
  }

  static async open(targetPort: number, options: RefusingProxyOptions = {}): Promise<RefusingProxy> {
    const server = createServer({ noDelay: true });
    await once(server.listen(options.port ?? 0, options.host ?? "127.0.0.1"), "listening");
    return new RefusingProxy(server, targetPort, options);
  }

  close(): Promise<unknown> {
    for (const client of this.#clients) client.destroy();
    return new Promise((resolve) => this.#server.close(resolve));
  }
}

// A frame with the method connection.close, the code 403 and a text.
const text = "ACCESS_REFUSED - Login was refused by the proxy";
const payload = Buffer.concat([
  Buffer.from([0, 10, 0, 50, 403 >> 8, 403 & 255, text.length]),
  Buffer.from(text),
  Buffer.from([0, 0, 0, 0]),
]);
const size = Buffer.from([0, 0, 0, payload.length]);
const loginRefused = Buffer.concat([Buffer.from([1, 0, 0]), size, payload, Buffer.from([0xce])]);
