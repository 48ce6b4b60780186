import { once } from "node:events";
import { mkdir, readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { describe, expect, it } from "vitest";
import { makeCertificates } from "../../../../scripts/broker/certificates.mjs";
import { useVirtualHost } from "../support/broker.ts";
import { RefusingProxy } from "../support/refusing-proxy.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const { folder, start, run, closeAtEnd } = await useWorkers(virtualHost);

async function refuse(options: Parameters<typeof RefusingProxy.open>[1] = {}): Promise<RefusingProxy> {
  const proxy = await RefusingProxy.open(virtualHost().port, options);
  closeAtEnd(proxy);
  return proxy;
}

/** Returns a port on which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const hosts = (...ports: number[]) => ({ AMQP_HOSTNAME: ports.map((port) => `127.0.0.1:${port}`).join() });
const both = /Connected to the broker \S+ \(\S+ \((\w+)\)\)[\s\S]*Connected to the broker/;

describe("a worker with several hosts", { timeout: 60_000 }, () => {
  // A refusal may come before or after the worker's module is loaded.
  it("comes up each time, whichever of them refuses, and whenever", async () => {
    const good = virtualHost().port;
    const proxies = await Promise.all([0, 300, 1200].map((delayMs) => refuse({ delayMs })));
    const orders = proxies.flatMap(({ port }) => [hosts(port, good), hosts(good, port)]);
    const runs = orders.map((env, i) => run(`job_hosts_${i}`, { env: { ...env, AMQP_CONNECTION_MAX_RETRY: "0" } }));
    for (const one of runs) {
      await one.waitFor(both);
      one.signal("SIGTERM");
      expect((await one.end()).exitCode).toBe(0);
    }
    expect(proxies.map(({ refused }) => refused > 0)).toEqual([true, true, true]);
  });

  it("comes up if one of them refuses only the connection that consumes", async () => {
    const picky = await refuse({ names: "(consumes)" });
    const one = run("job_picky", { env: hosts(picky.port, virtualHost().port) });
    await one.waitFor(both);
    expect(picky.refused).toBeGreaterThan(0);
  });

  it("ends with the code of the first when all of them refuse, and names each with its reason", async () => {
    const refusing = await refuse();
    const { port } = virtualHost();
    const env = { AMQP_VHOST: "absent" };
    const orders: [env: Record<string, string>, exitCode: number][] = [
      [hosts(refusing.port, port), 74],
      [hosts(port, refusing.port), 75],
    ];
    const runs = [0, 1, 2].flatMap((i) =>
      orders.map(([order, expected], k) => ({
        expected,
        run: run(`job_all_${i}_${k}`, { env: { ...env, ...order } }),
      })),
    );
    for (const { expected, run: one } of runs) {
      const { exitCode, log } = await one.end();
      expect(exitCode).toBe(expected);
      expect(log.at(-1)?.text).toMatch(new RegExp(`broker 127.0.0.1:${refusing.port}, [^;]*: login refused`));
      expect(log.at(-1)?.text).toMatch(new RegExp(`broker 127.0.0.1:${port}, [^;]*: the virtual host does not exist`));
    }
  });

  it("waits for a host that does not answer, although the other one refuses", async () => {
    const [refusing, port] = [await refuse(), await closedPort()];
    const one = run("job_waits", { env: hosts(port, refusing.port) });
    await one.waitFor(/login refused[\s\S]*next attempt[\s\S]*login refused[\s\S]*next attempt/);
    // Passes every connection to the broker.
    closeAtEnd(await RefusingProxy.open(virtualHost().port, { port, names: "nobody" }));
    await one.waitFor(both);
  });

  it("ends after the rounds of AMQP_CONNECTION_MAX_RETRY, each of them on all hosts", async () => {
    const [refusing, port] = [await refuse(), await closedPort()];
    const env = { ...hosts(port, refusing.port), AMQP_CONNECTION_MAX_RETRY: "1" };
    const { exitCode, log } = await run("job_rounds", { env }).end();
    expect(exitCode).toBe(72);
    expect(log.at(-1)?.text).toMatch(/ECONNREFUSED.*login refused.*\(attempt 2, AMQP_CONNECTION_MAX_RETRY\)/);
  });

  it("comes up each time if the certificate of one is not trusted", async () => {
    const { tlsPort, caFile = "" } = virtualHost();
    const certificates = join(folder.path, "untrusted");
    await mkdir(certificates);
    const { certFile, keyFile } = await makeCertificates(certificates);
    const server = createTlsServer({ cert: await readFile(certFile), key: await readFile(keyFile) });
    server.on("tlsClientError", () => undefined);
    await once(server.listen(0, "127.0.0.1"), "listening");
    closeAtEnd({ close: () => new Promise((resolve) => server.close(resolve)) });
    const env = {
      AMQP_TLS: "true",
      AMQP_TLS_CERT: caFile,
      ...hosts((server.address() as AddressInfo).port, Number(tlsPort)),
    };
    const runs = Array.from({ length: 6 }, (_, i) => run(`job_untrusted_${i}`, { env }));
    for (const one of runs) {
      await one.waitFor(both);
      one.signal("SIGTERM");
      const { exitCode, stderr } = await one.end();
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(/TLS failed: .*; trying the next host/);
    }
  });
});

describe("a host name with several addresses", { timeout: 30_000 }, () => {
  // Looks up each name as two addresses of the loopback.
  const resolver = `
    import dns from "node:dns";
    import { syncBuiltinESMExports } from "node:module";
    dns.lookup = (name, options, callback) => {
      const all = ["127.0.0.2", "127.0.0.1"].map((address) => ({ address, family: 4 }));
      process.nextTick(() => (options.all ? callback(null, all) : callback(null, all[0].address, 4)));
    };
    syncBuiltinESMExports();`;
  const env = (port: number) => ({
    NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(resolver)}`,
    AMQP_HOSTNAME: `brokers.example:${port}`,
  });

  it("comes up if one of them refuses", async () => {
    const good = await RefusingProxy.open(virtualHost().port, { names: "nobody" });
    closeAtEnd(good);
    const refusing = await refuse({ host: "127.0.0.2", port: good.port });
    await start({ env: { ...env(good.port), AMQP_CONNECTION_MAX_RETRY: "0" } });
    expect(refusing.refused).toBeGreaterThan(0);
  });

  it("ends if all of them refuse, but not for one that nobody listens on", async () => {
    const refusing = await refuse();
    const { exitCode, stderr } = await run("job_addresses", { env: env(refusing.port) }).end();
    expect(stderr).toMatch(/broker brokers.example:\d+, .*: login refused/);
    expect(exitCode).toBe(74);
  });
});
