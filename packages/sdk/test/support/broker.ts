import { get } from "node:http";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, beforeEach, inject } from "vitest";
import { type BrokerAddress, startBroker } from "../../../../scripts/broker.mjs";

export { startBroker };

declare module "vitest" {
  interface ProvidedContext {
    /** The URL that answers with the address of the broker of this run, and starts the broker if necessary. */
    brokerUrl: string;
  }
}

/** A virtual host for one test file, on the broker that all files of a run share. */
export interface VirtualHost extends BrokerAddress {
  readonly vhost: string;
  /** The variables with which a worker connects. */
  readonly env: Readonly<Record<string, string>>;
  /** Calls the management API of the broker: a method, a path below `/api`, and the body of a PUT or POST. */
  manage(method: string, path: string, body?: object): Promise<unknown>;
}

// If RabbitMQ is not installed, it is downloaded first.
const startTimeoutMs = 300_000;

/**
 * Creates a virtual host for the tests of a file. Call it at the top of the file, and the function that it returns in
 * tests. Without RabbitMQ the tests are skipped, and fail under `CI`. A test that kills, pauses or configures a broker
 * starts its own with `startBroker`.
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
    if (!host) throw new Error("the virtual host exists only while tests run");
    return host;
  };
}

type Answer = BrokerAddress | { readonly error: { readonly message: string; readonly code?: string } };

// Not with fetch, whose timeout is shorter than the download of a broker.
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
