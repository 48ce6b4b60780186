// The states that a worker can be in when it is told to end, and how it comes into each.
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/**
 * @import { Scene, WorkerOptions } from "./stage.mjs"
 * @import { WorkerProcess } from "./worker-process.mjs"
 */

export const drainMs = 500;
export const graceMs = 500;
const limits = { MCAI_DRAIN_TIMEOUT_MS: String(drainMs), MCAI_STOP_GRACE_MS: String(graceMs) };

/**
 * A state: brings a worker into it. `end` tells it to end, by SIGTERM unless it says otherwise.
 * @typedef {object} State
 * @property {string} name
 * @property {(scene: Scene) => Promise<WorkerProcess>} enter
 * @property {(scene: Scene) => unknown} [end]
 * @property {number} [exitCode] 0 by default
 */

/** @type {readonly State[]} */
export const states = [
  {
    name: "starting: `setup` does not return",
    async enter(scene) {
      const worker = scene.spawn({ env: { ...limits, CHAOS_SETUP: "endless" } });
      await worker.logged(/in setup/);
      return worker;
    },
  },
  {
    name: "connecting: the broker accepts and does not answer",
    enter: async (scene) => connecting(scene, await openSilent(scene)),
  },
  {
    name: "broker absent from the start",
    async enter(scene) {
      const proxy = await scene.proxy();
      await proxy.close();
      return connecting(scene, proxy.port);
    },
  },
  { name: "idle", enter: (scene) => scene.start({ env: limits }) },
  {
    name: "suspended",
    async enter(scene) {
      const worker = await scene.start({ env: limits });
      await scene.backend.next("worker_created");
      await scene.backend.sendDirect(scene.queue, { type: "stop_consuming_jobs" });
      await scene.backend.next("worker_status");
      return worker;
    },
  },
  {
    name: "live job initialised",
    async enter(scene) {
      const worker = await scene.start({ env: limits });
      await scene.backend.next("worker_created");
      await scene.backend.sendDirect(scene.queue, { type: "init_process", job_id: scene.nextId(), parameters: [] });
      await scene.backend.next("worker_initialized");
      return worker;
    },
  },
  { name: "job that yields", enter: (scene) => running(scene, { durationMs: 60_000 }) },
  {
    name: "job that computes in JavaScript",
    enter: (scene) => running(scene, { action: "block", durationMs: 600_000 }),
  },
  {
    name: "job in a native call",
    enter: (scene) => running(scene, { action: "native", durationMs: 600_000 }),
    exitCode: 134,
  },
  {
    name: "job with 10,000 updates that wait",
    async enter(scene) {
      const worker = await running(scene, { action: "block", durationMs: 600_000 });
      const update = { type: "update_process", job_id: 1, parameters: [] };
      await Promise.all(Array.from({ length: 10_000 }, () => scene.backend.sendDirect(scene.queue, update)));
      return worker;
    },
  },
  {
    name: "job postponed",
    async enter(scene) {
      const worker = await scene.start({ env: limits });
      await scene.send({ action: "postpone" });
      await hasEnded(scene);
      return worker;
    },
  },
  {
    name: "job that computes, broker absent",
    async enter(scene) {
      const proxy = await scene.proxy();
      const worker = await running(scene, { action: "block", durationMs: 600_000 }, { port: proxy.port });
      await proxy.close();
      await worker.logged(/was lost/);
      return worker;
    },
  },
  {
    name: "response unconfirmed, broker absent",
    async enter(scene) {
      const proxy = await scene.proxy();
      const worker = await running(scene, { durationMs: 500 }, { port: proxy.port });
      await proxy.close();
      await hasEnded(scene);
      return worker;
    },
  },
  {
    name: "response unconfirmed, broker silent",
    async enter(scene) {
      const proxy = await scene.proxy();
      const worker = await running(scene, { durationMs: 500 }, { port: proxy.port });
      proxy.fallSilent();
      await hasEnded(scene);
      return worker;
    },
  },
  {
    name: "response refused",
    async enter(scene) {
      const { channel } = scene.backend;
      const full = { "x-max-length": 1, "x-overflow": "reject-publish" };
      await channel.assertQueue("full", { arguments: full });
      await channel.bindQueue("full", "job_response", "job_completed");
      await scene.backend.publish("", "full", {});
      const worker = await running(scene, { durationMs: 100 });
      await worker.logged(/refused/);
      return worker;
    },
  },
  {
    name: "backend absent",
    async enter(scene) {
      const port = await openSilent(scene);
      const worker = scene.spawn({ env: { ...limits, BACKEND_HOSTNAME: `http://127.0.0.1:${port}/api` } });
      await worker.logged(/Connected to the broker .*\(consumes\)/);
      return worker;
    },
  },
  {
    name: "log unread",
    async enter(scene) {
      const worker = await running(scene, { action: "chatter" }, { readsLog: false });
      // More than the pipe and the worker's own buffer take; there is no event for that.
      await delay(2000);
      return worker;
    },
  },
  {
    name: "job that computes, by `stop_worker`",
    enter: (scene) => running(scene, { action: "block", durationMs: 600_000 }),
    end: (scene) => scene.backend.sendDirect(scene.queue, { type: "stop_worker" }),
  },
  {
    name: "`teardown` does not return",
    enter: (scene) => scene.start({ env: { ...limits, CHAOS_TEARDOWN: "endless" } }),
  },
  {
    name: "something else keeps the process",
    enter: (scene) => scene.start({ env: { ...limits, CHAOS_KEEP: "1" } }),
    exitCode: 134,
  },
];

/**
 * The states that need a broker without memory; `alarm` takes it away.
 * @param {() => Promise<unknown>} alarm
 * @returns {readonly State[]}
 */
export function alarmStates(alarm) {
  return [
    {
      name: "blocked by an alarm, idle",
      async enter(scene) {
        const worker = await scene.start({ env: limits });
        await scene.backend.next("worker_created");
        await alarm();
        return worker;
      },
    },
    {
      name: "blocked by an alarm, response unconfirmed",
      async enter(scene) {
        const worker = await running(scene, { durationMs: 5000 });
        await alarm();
        await hasEnded(scene);
        return worker;
      },
    },
  ];
}

/**
 * @param {Scene} scene
 * @param {number} port
 */
async function connecting(scene, port) {
  const worker = scene.spawn({ port, env: limits });
  await worker.logged(/ Worker: /);
  return worker;
}

/**
 * @param {Scene} scene
 * @param {Readonly<Record<string, string | number>>} values
 * @param {WorkerOptions} [options]
 */
async function running(scene, values, options) {
  const worker = scene.spawn({ env: limits, ...options });
  await scene.backend.next("worker_created");
  await scene.backend.next("job_progression", await scene.send(values));
  return worker;
}

/**
 * Resolves when a job has ended in its thread, which only the trace tells.
 * @param {Scene} scene
 */
async function hasEnded({ trace }) {
  while (!trace.lines().some(({ event }) => event === "end")) await delay(20);
}

/**
 * Listens on a port, and answers nothing.
 * @param {Scene} scene
 */
async function openSilent(scene) {
  /** @type {Set<import("node:net").Socket>} */
  const sockets = new Set();
  const server = createServer((socket) => void sockets.add(socket.resume().on("error", () => undefined)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  scene.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}
