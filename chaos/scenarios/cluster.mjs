// A cluster of three nodes: the queue's leader killed, a node cut off and back, each node restarted in turn, under load.
import { setTimeout as delay } from "node:timers/promises";
import { account } from "../account.mjs";

/**
 * @import { Broker } from "../../scripts/broker.mjs"
 * @import { Findings } from "../findings.mjs"
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 10;
export const title = "a cluster of three nodes: leader killed, node cut off, rolling restart";
export const longOnly = true;
/** With AMQP_SERVER_CONFIGURATION=cluster alone. */
export const brokers = ["3.10-quorum", "4.3-quorum"];

const workerCount = 4;
const jobs = 2000;
const maxDurationMs = 400;
const heartbeatSeconds = 2;
// So that nodes, and clients, notice a silent node within seconds.
const config = { net_ticktime: 4, heartbeat: heartbeatSeconds, cluster_partition_handling: "pause_minority" };
const reachableMs = 60_000;
const healingMs = 15_000;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const cluster = await stage.startCluster(config);
  try {
    const scene = await stage.scene({ nodes: cluster.nodes });
    try {
      await underFaults(scene, stage, findings);
    } finally {
      await scene.close();
    }
  } finally {
    await cluster.stop();
  }
}

/**
 * @param {Scene} scene
 * @param {Stage} stage
 * @param {Findings} findings
 */
async function underFaults(scene, stage, findings) {
  const { backend, nodes, trace, queue } = scene;
  const workers = [];
  for (let i = 0; i < workerCount; i++) {
    // Each begins at another node, so that every fault hits some of them and spares others.
    const hosts = nodes.map((_, k) => `127.0.0.1:${nodes[(i + k) % nodes.length].port}`);
    workers.push(await scene.start({ env: { AMQP_HOSTNAME: hosts.join() } }));
  }
  const ids = Array.from({ length: jobs }, () => scene.nextId());
  await Promise.all(
    ids.map((id) => backend.sendJob(queue, id, { durationMs: Math.floor(stage.random() * maxDurationMs) })),
  );
  for (const { after, harm } of [
    { after: 200, harm: killLeader },
    { after: 600, harm: cutOffLeader },
    { after: 1000, harm: restartEach },
  ]) {
    await backend.until(() => backend.finals.size >= after, `${after} of ${jobs} jobs`, 120_000);
    await harm(scene, findings);
  }
  findings.counted("jobs that waited when the faults were over", jobs - backend.finals.size);
  await account(scene, findings, ids, 180_000);
  findings.equal(
    "jobs that ended in two ways",
    [],
    ids.filter((id) => backend.statuses(id).length > 1),
  );
  const pids = workers.map(({ pid }) => pid).toSorted();
  findings.equal("workers whose process did not restart", workerCount, workers.filter((one) => one.isRunning).length);
  findings.equal("… and have run all jobs", pids, [...new Set(trace.runs().map(({ pid }) => pid))].toSorted());
}

/**
 * @param {Scene} scene
 * @param {Findings} findings
 */
async function killLeader(scene, findings) {
  const leader = await leaderOf(scene);
  const fault = scene.trace.fault("leader killed");
  const moves = moving(scene, leader);
  await leader.kill();
  await findMoves(moves, 10_000, "the leader's node killed", findings);
  await anotherLeader(scene, leader);
  await leader.restart();
  await whole(scene);
  fault.untilMs = Date.now();
}

/**
 * A node that was stopped may not see that it was the minority, and then RabbitMQ leaves it apart. Operators restart it.
 * @param {Scene} scene
 * @param {Findings} findings
 */
async function cutOffLeader(scene, findings) {
  const leader = await leaderOf(scene);
  const fault = scene.trace.fault("leader cut off");
  const moves = moving(scene, leader);
  await leader.pause();
  await findMoves(moves, 30_000, "the leader's node isolated", findings);
  await anotherLeader(scene, leader);
  await until("the others gave up the node that is cut off", async () => {
    const known = await scene.manage("GET", "/nodes", undefined, otherThan(scene, leader));
    return known.some(
      (/** @type {{ name: string, running: boolean }} */ { name, running }) => name === leader.node && !running,
    );
  });
  await leader.resume();
  const healed = await whole(scene, healingMs).then(
    () => true,
    () => false,
  );
  findings.counted("… and the cluster recovers by itself when the node resumes", healed ? "yes" : "no, restarted");
  if (!healed) await leader.restart();
  await whole(scene);
  fault.untilMs = Date.now();
}

/**
 * As operators do it: the next node only when every queue has all of its replicas again. Each time the one of them that
 * most workers are connected to, so that every restart moves some.
 * @param {Scene} scene
 * @param {Findings} findings
 */
async function restartEach(scene, findings) {
  const left = [...scene.nodes];
  const next = () => {
    left.sort((a, b) => connectionsTo(scene, a).length - connectionsTo(scene, b).length);
    return left.pop();
  };
  for (let node = next(); node; node = next()) {
    const fault = scene.trace.fault("node restarted");
    const moves = moving(scene, node);
    await node.restart();
    await findMoves(moves, 15_000, `restart ${scene.nodes.length - left.length} of ${scene.nodes.length}`, findings);
    await whole(scene);
    fault.untilMs = Date.now();
  }
}

/**
 * The workers' connections to a node, each a worker and what the connection is for.
 * @param {Scene} scene
 * @param {Broker} node
 */
const connectionsTo = ({ workers }, { port }) =>
  workers.flatMap((worker) =>
    ["consumes", "publishes"]
      .filter((role) => {
        const made = worker.log.matchAll(new RegExp(`Connected to the broker [\\d.]+:(\\d+) .*\\(${role}\\)`, "g"));
        return Number([...made].at(-1)?.[1]) === port;
      })
      .map((role) => ({ worker, role })),
  );

/**
 * After how many milliseconds each of the workers' connections to a node that stops now is established again: to another
 * node, or to the same one if it is back before that.
 * @param {Scene} scene
 * @param {Broker} node
 */
function moving(scene, node) {
  const startMs = performance.now();
  const moves = connectionsTo(scene, node).map(async ({ worker, role }) => {
    await worker.logged(new RegExp(`Connected to the broker .*\\(${role}\\)`), {
      from: worker.log.length,
      timeoutMs: reachableMs,
    });
    return performance.now() - startMs;
  });
  return Promise.all(moves);
}

/**
 * @param {Promise<number[]>} moves
 * @param {number} limitMs
 * @param {string} fault
 * @param {Findings} findings
 */
async function findMoves(moves, limitMs, fault, findings) {
  const tookMs = await moves;
  findings.atLeast(`${fault}: worker connections to that node`, 1, tookMs.length, "");
  findings.atMost("… all reconnected within", limitMs, Math.max(...tookMs), "ms");
}

/**
 * @param {Scene} scene
 * @param {Broker} node
 */
function otherThan({ nodes }, node) {
  return nodes.find((one) => one !== node);
}

/**
 * @param {Scene} scene
 * @param {Broker} [via]
 */
async function leaderOf(scene, via) {
  const { leader } = await scene.manage("GET", `/queues/${scene.vhost}/${scene.queue}`, undefined, via);
  const found = scene.nodes.find(({ node }) => node === leader);
  if (!found) throw new Error(`the queue's leader, ${leader}, is not a node of the cluster`);
  return found;
}

/**
 * @param {Scene} scene
 * @param {Broker} former
 */
function anotherLeader(scene, former) {
  const via = otherThan(scene, former);
  return until("the queue has another leader", async () => (await leaderOf(scene, via)) !== former);
}

/**
 * What RabbitMQ's operators check before they stop a node: whether any queue would then lack a majority.
 * @param {Scene} scene
 * @param {number} [timeoutMs]
 */
function whole(scene, timeoutMs) {
  /** @param {Broker} node */
  const ask = (node) => scene.manage("GET", "/health/checks/node-is-quorum-critical", undefined, node);
  return until("every queue has all of its replicas", () => Promise.all(scene.nodes.map(ask)), timeoutMs);
}

/**
 * Polls: the broker sends no event.
 * @param {string} what
 * @param {() => Promise<unknown>} condition
 */
async function until(what, condition, timeoutMs = reachableMs) {
  const deadlineMs = performance.now() + timeoutMs;
  /** @type {unknown} */
  let error;
  while (performance.now() < deadlineMs) {
    const found = await condition().catch((reason) => {
      error = reason;
    });
    if (found) return;
    await delay(200);
  }
  throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: error });
}
