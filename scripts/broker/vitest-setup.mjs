// A globalSetup of vitest: one broker for the whole run, started when the first test file asks for it and ended with the
// run. MCAI_TEST_BROKER_VERSION picks its version.
import { once } from "node:events";
import { createServer } from "node:http";

/** @param {import("vitest/node").TestProject} project */
export default async function setup(project) {
  if (!project.isRootProject()) return undefined; // projects inherit this file, and what the root provides
  /** @type {Promise<import("../broker.mjs").Broker> | undefined} */
  let broker;
  const start = async () => {
    const { startBroker } = await import("../broker.mjs");
    const version = process.env.MCAI_TEST_BROKER_VERSION || undefined;
    return startBroker({ version, tls: true, management: true });
  };
  const server = createServer(async (_request, response) => {
    broker ??= start();
    // JSON leaves the functions out: what remains is the address.
    const answer = await broker.then(
      (value) => value,
      ({ message, code }) => ({ error: { message, code } }),
    );
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  project.provide("brokerUrl", `http://127.0.0.1:${port}`);
  return async () => {
    server.closeAllConnections();
    server.close();
    const started = await broker?.catch(() => undefined);
    await started?.stop();
  };
}
