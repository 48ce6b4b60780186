import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { issueCertificate } from "../../../../scripts/broker/certificates.mjs";
import type { Broker } from "../../../../scripts/broker.mjs";
import { startBroker, useVirtualHost } from "../support/broker.ts";
import { useWorkers } from "../support/use-workers.ts";

const sharedHost = useVirtualHost();
const { run } = await useWorkers(sharedHost);
const version = process.env.MCAI_TEST_BROKER_VERSION || undefined;
const both = /Connected to the broker[\s\S]*Connected to the broker/;
const certificateName = "worker-7";

let broker: Broker;
let client: { certFile: string; keyFile: string };
let base: Record<string, string>;

beforeAll(async () => {
  if (!hasBroker()) return;
  broker = await startBroker({
    version,
    tls: true,
    plugins: ["rabbitmq_auth_mechanism_ssl"],
    config: {
      "ssl_options.verify": "verify_peer",
      "ssl_options.fail_if_no_peer_cert": "true",
      ssl_cert_login_from: "common_name",
      "auth_mechanisms.1": "PLAIN",
      "auth_mechanisms.2": "EXTERNAL",
    },
  });
  client = await issueCertificate(dirname(broker.caFile ?? ""), "client", certificateName);
  await broker.ctl("add_user", "plain", "secret");
  await broker.ctl("set_permissions", "plain", ".*", ".*", ".*");
  base = {
    AMQP_HOSTNAME: broker.hostname,
    AMQP_PORT: String(broker.tlsPort),
    AMQP_VHOST: "/",
    AMQP_TLS: "1",
    AMQP_TLS_CERT: broker.caFile ?? "",
    AMQP_TLS_CLIENT_CERT: client.certFile,
    AMQP_TLS_CLIENT_KEY: client.keyFile,
    AMQP_USERNAME: "",
  };
}, 120_000);
afterAll(() => broker?.stop());

// Without RabbitMQ the tests are skipped.
function hasBroker(): boolean {
  try {
    return sharedHost() !== undefined;
  } catch {
    return false;
  }
}

const logins = async () => (await broker.ctl("list_connections", "user", "auth_mechanism", "--silent")).trim();

describe("a broker that asks for a client certificate", { timeout: 30_000 }, () => {
  it("refuses a worker without one, each time", async () => {
    const env = { ...base, AMQP_TLS_CLIENT_CERT: "", AMQP_TLS_CLIENT_KEY: "" };
    const runs = Array.from({ length: 6 }, (_, i) => run(`job_no_certificate_${i}`, { env }));
    for (const one of runs) {
      const { exitCode, stderr } = await one.end();
      expect(stderr).toMatch(/TLS failed: .*AMQP_TLS_CLIENT_CERT/);
      expect(exitCode).toBe(73);
    }
  });

  it("names the login by a certificate whose user it does not know", async () => {
    const { exitCode, stderr } = await run("job_unknown", { env: base }).end();
    expect(stderr).toMatch(/client certificate: login refused; check AMQP_TLS_CLIENT_CERT/);
    expect(exitCode).toBe(74);
  });

  it("takes user name and password with the certificate, if its user is unknown", async () => {
    const one = run("job_plain", { env: { ...base, AMQP_USERNAME: "plain", AMQP_PASSWORD: "secret" } });
    await one.waitFor(both);
    expect(await logins()).toMatch(/^plain\s+PLAIN\s+plain\s+PLAIN$/);
    one.signal("SIGTERM");
    expect((await one.end()).exitCode).toBe(0);
  });

  it("logs the worker in by EXTERNAL as the user of its certificate", async () => {
    await broker.ctl("add_user", certificateName, "unused");
    await broker.ctl("clear_password", certificateName);
    await broker.ctl("set_permissions", certificateName, ".*", ".*", ".*");
    const one = run("job_external", { env: base });
    await one.waitFor(both);
    expect(await logins()).toMatch(/^worker-7\s+EXTERNAL\s+worker-7\s+EXTERNAL$/);
    one.signal("SIGTERM");
    expect((await one.end()).exitCode).toBe(0);
  });
});

describe("a client certificate that cannot be used", { timeout: 30_000 }, () => {
  it.each<[what: string, env: () => Record<string, string>, exitCode: number, message: RegExp]>([
    [
      "does not exist",
      () => ({ AMQP_TLS_CLIENT_CERT: "absent.pem" }),
      73,
      /AMQP_TLS_CLIENT_CERT: ENOENT.*'absent.pem'/,
    ],
    ["has no key", () => ({ AMQP_TLS_CLIENT_KEY: "" }), 64, /AMQP_TLS_CLIENT_CERT: expected AMQP_TLS_CLIENT_KEY/],
    [
      "has a key that does not exist",
      () => ({ AMQP_TLS_CLIENT_KEY: "absent.key" }),
      73,
      /AMQP_TLS_CLIENT_KEY: ENOENT.*'absent.key'/,
    ],
    [
      "has the key of another",
      () => ({ AMQP_TLS_CLIENT_KEY: join(dirname(client.keyFile), "server.key") }),
      73,
      /AMQP_TLS_CLIENT_KEY is not the key of AMQP_TLS_CLIENT_CERT/,
    ],
    ["is a key", () => ({ AMQP_TLS_CLIENT_CERT: client.keyFile }), 73, /AMQP_TLS_CLIENT_CERT: .*expected a PEM file/],
    ["is for TLS, which is off", () => ({ AMQP_TLS: "0" }), 64, /AMQP_TLS_CLIENT_CERT: expected TLS to be on/],
  ])("%s", async (_, env, exitCode, message) => {
    const ended = await run("job_bad_certificate", { env: { ...base, ...env() } }).end();
    expect(ended.stderr).toMatch(message);
    expect(ended.exitCode).toBe(exitCode);
  });
});
