import { createServer } from "node:net";

// Below the ports that systems give to outgoing connections, so that none of those happens to hold one.
const first = 20_000;
const blocks = 750;
const blockSize = 8;

/**
 * The ports of one broker.
 * @typedef {{ amqp: number, tls: number, management: number, distribution: number, epmd: number }} Ports
 */

/**
 * Claims neighbouring ports of the loopback for one broker. A listener on the last of them is the claim: nobody else who
 * claims by this function gets any of them before it closes, which it does with this process at the latest.
 * @returns {Promise<Ports>}
 */
export async function claimPorts() {
  const start = Math.floor(Math.random() * blocks);
  for (let i = 0; i < blocks; i++) {
    const base = first + ((start + i) % blocks) * blockSize;
    const claim = await listen(base + blockSize - 1);
    if (!claim) continue;
    const ports = { amqp: base, tls: base + 1, management: base + 2, distribution: base + 3, epmd: base + 4 };
    if (await allFree(Object.values(ports))) {
      claim.unref();
      return ports;
    }
    claim.close();
  }
  throw new Error(`no ${blockSize} free ports in a row between ${first} and ${first + blocks * blockSize}`);
}

/** @param {readonly number[]} ports */
async function allFree(ports) {
  for (const port of ports) {
    const probe = await listen(port);
    if (!probe) return false;
    await new Promise((resolve) => probe.close(resolve));
  }
  return true;
}

/**
 * @param {number} port
 * @returns {Promise<import("node:net").Server | undefined>}
 */
function listen(port) {
  const server = createServer((socket) => socket.destroy());
  return new Promise((resolve, reject) => {
    server.once("error", (/** @type {NodeJS.ErrnoException} */ error) =>
      error.code === "EADDRINUSE" ? resolve(undefined) : reject(error),
    );
    server.listen({ port, host: "127.0.0.1" }, () => resolve(server));
  });
}
