import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { FaultProxy } from "../../../../chaos/fault-proxy.mjs";
import { HealthServer, type HealthSources } from "../../src/health/health-server.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const running: HealthServer[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.stop();
});

async function start(host = "127.0.0.1") {
  const free = await FaultProxy.open(0);
  await free.close();
  let drains = 0;
  let pages = 0;
  const sources: HealthSources = {
    canRunJobs: () => true,
    isPublishing: () => {
      pages++;
      return true;
    },
    isConsuming: () => true,
    isConfirming: () => true,
    connections: () => ({ publishing: 1, consuming: 1 }),
    outbox: () => ({ messages: 0, sizeBytes: 0 }),
    jobsInProgress: () => 0,
    threadSilentMs: () => 0,
    threadCrashes: () => 0,
    jobSilentMs: () => undefined,
    status: () => ({}),
    onJobEnded: () => undefined,
    drain: () => {
      drains++;
    },
  };
  const settings = { port: free.port, host, maxThreadSilenceMs: undefined, maxProgressSilenceMs: undefined };
  running.push(await HealthServer.start(settings, sources, silent));
  return { port: free.port, drains: () => drains, pages: () => pages };
}

function drain(port: number, host: string | undefined, options: object = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = host === undefined ? {} : { host };
    request({ port, host: "127.0.0.1", path: "/drain", method: "POST", headers, setHost: false, ...options })
      .on("response", (response) => resolve(response.resume().statusCode ?? 0))
      .on("error", reject)
      .end();
  });
}

const closed = (socket: Socket) => new Promise<void>((resolve) => socket.on("close", () => resolve()));

describe("POST /drain", () => {
  it.each([
    ["127.0.0.1", ["127.0.0.1", "127.0.0.1:9", "localhost", "LOCALHOST:80"]],
    ["localhost", ["localhost"]],
    ["0.0.0.0", ["127.0.0.1:1", "localhost", "[::1]"]],
  ])("on %s is accepted for %j", async (listenedOn, hosts) => {
    const server = await start(listenedOn);
    const options = listenedOn === "localhost" ? { host: "localhost" } : {};
    for (const host of hosts) expect([host, await drain(server.port, host, options)]).toEqual([host, 202]);
    expect(server.drains()).toBe(hosts.length);
  });

  it("is accepted on the loopback of IPv6", async () => {
    const server = await start("::1");
    expect(await drain(server.port, `[::1]:${server.port}`, { host: "::1" })).toBe(202);
    expect(await drain(server.port, "127.0.0.1", { host: "::1" })).toBe(403);
  });

  it.each([
    ["another name", "evil.example", {}],
    ["a name that starts with the address", "127.0.0.1.evil.example", {}],
    ["a name that ends with localhost", "evil-localhost", {}],
    ["another address of the loopback", "127.0.0.6", {}],
    ["a name of two hosts", "localhost:80:90", {}],
    ["a name with a user", "localhost@evil.example", {}],
    ["an empty name", "", {}],
    ["another address of the loopback as its sender", "127.0.0.1", { localAddress: "127.0.0.6" }],
    ["an origin", "127.0.0.1", { headers: { host: "127.0.0.1", origin: "http://127.0.0.1" } }],
  ])("is refused with %s", async (_, host, options) => {
    const server = await start("0.0.0.0");
    expect(await drain(server.port, host, options)).toBe(403);
    expect(server.drains()).toBe(0);
  });
});

describe("the health server", () => {
  it("ends a connection whose request is not complete after 5 s", { timeout: 15_000 }, async () => {
    const { port } = await start();
    const startedAt = performance.now();
    const partial = ["", "GET /readyz HTTP/1.1\r\n", "GET /readyz HTTP/1.1\r\nHost: localhost\r\nX: "].map((text) => {
      const socket = connect(port, "127.0.0.1");
      if (text) socket.write(text);
      socket.resume();
      return closed(socket);
    });
    await Promise.all(partial);
    expect(performance.now() - startedAt).toBeLessThan(7000);
  });

  it("answers 5,000 requests sent at once one at a time, and everything else meanwhile", {
    timeout: 30_000,
  }, async () => {
    const server = await start();
    const socket = connect(server.port, "127.0.0.1");
    let answers = 0;
    let text = "";
    const done = new Promise<void>((resolve) => {
      socket.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
        answers += text.split("HTTP/1.1 200 OK").length - 1;
        // Keeps what may be the start of the next answer.
        text = text.slice(-14);
        if (text.includes("HTTP/1.1 200 OK")) answers--;
        if (answers === 5000) resolve();
      });
    });
    let longestTurnMs = 0;
    let lastAtMs = performance.now();
    const watch = setInterval(() => {
      longestTurnMs = Math.max(longestTurnMs, performance.now() - lastAtMs);
      lastAtMs = performance.now();
    }, 5);
    socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(5000));
    const others = Array.from({ length: 20 }, () => fetch(`http://127.0.0.1:${server.port}/readyz`));
    for (const response of await Promise.all(others)) expect(response.status).toBe(200);
    await done;
    clearInterval(watch);
    socket.destroy();
    // The client of this test has its part in each turn.
    expect(longestTurnMs).toBeLessThan(2000);
    expect(server.pages()).toBeLessThan(500);
  });
});
