import { get } from "node:http";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, inject } from "vitest";
import { type BrokerAddress, startBroker } from "../../../../scripts/broker.mjs";

export { startBroker };

declare module "vitest" {
  interface ProvidedContext {
    /** Asked, it answers where the run's broker listens, and starts it if need be. */
    brokerUrl: string;
  }
}

/** A virtual host of a test file on the broker that all files of a run share. */
export interface VirtualHost extends BrokerAddress {
  readonly vhost: string;
  /** What a worker needs in its environment to connect. */
  readonly env: Readonly<Record<string, string>>;
  /** Asks the broker's management API: a method, a path below `/api` and the body of a PUT or POST. */
  manage(method: string, path: string, body?: object): Promise<unknown>;
}

// Where it is not installed, the broker is fetched first.
const startTimeoutMs = 300_000;

/**
 * Gives the tests of a file a virtual host of their own; call it once, at the top of the file, and the result in tests.
 * Without a broker the tests are skipped at a desk, and fail under `CI`. Who kills the broker starts one with `startBroker`.
 */
export function useVirtualHost(): () => VirtualHost {
  let host: VirtualHost | undefined;
  let missing: string | undefined;

  beforeAll(async () => {
    const answer = await askForBroker();
    if ("error" in answer) {
      if (answer.error.code !== "NO_BROKER" || !["", "0", "false"].includes(process.env.CI ?? ""))
        throw new Error(answer.error.message);
      missing = answer.error.message;
    } else host = await openVirtualHost(answer);
  }, startTimeoutMs);

  beforeEach((context) => {
    if (missing) context.skip(missing);
  });

  afterAll(async () => {
    await host?.manage("DELETE", `/vhosts/${host.vhost}`);
  });

  return () => {
    if (!host) throw new Error("the virtual host is there while tests run, not before");
    return host;
  };
}

type Answer = BrokerAddress | { readonly error: { readonly message: string; readonly code?: string } };

// Not by fetch, which gives up while a broker is still being fetched.
function askForBroker(): Promise<Answer> {
  return new Promise((resolve, reject) => {
    get(inject("brokerUrl"), (response) => resolve(json(response) as Promise<Answer>)).on("error", reject);
  });
}

async function openVirtualHost(broker: BrokerAddress): Promise<VirtualHost> {
  const vhost = `test-${crypto.randomUUID()}`;
  const host: VirtualHost = {
    ...broker,
    vhost,
    env: {
      AMQP_HOSTNAME: broker.hostname,
      AMQP_PORT: String(broker.port),
      AMQP_USERNAME: "guest",
      AMQP_PASSWORD: "guest",
      AMQP_VHOST: vhost,
      AMQP_TLS: "false",
    },
    async manage(method, path, body) {
      const response = await fetch(`http://${broker.hostname}:${broker.managementPort}/api${path}`, {
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
    },
  };
  await host.manage("PUT", `/vhosts/${vhost}`, {});
  await host.manage("PUT", `/permissions/${vhost}/guest`, { configure: ".*", write: ".*", read: ".*" });
  return host;
}
