// Brokers and workers killed, connections cut and left half open, while a long queue of jobs is processed.
import { account } from "../account.mjs";

/**
 * @import { FaultProxy } from "../fault-proxy.mjs"
 * @import { Findings } from "../findings.mjs"
 * @import { WorkerProcess } from "../worker-process.mjs"
 * @typedef {{ proxy: FaultProxy, worker: WorkerProcess }} Place
 * @typedef {(scene: Scene, places: readonly Place[], stage: Stage) => Promise<void> | void} Harm
 * @import { Scene, Stage } from "../stage.mjs"
 */

export const number = 1;
export const title = "random kills, cuts and half-open links under load";

const workerCount = 4;
const env = { AMQP_HEARTBEAT: "1" };
/** How long after a kill its copies of orders may run that it does not explain otherwise; longer was not seen. */
const aftermathMs = 15_000;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  const jobs = stage.isShort ? 500 : 10_000;
  const faults = plan(stage);
  const scene = await stage.scene();
  const { backend } = scene;
  try {
    /** @type {Place[]} */
    const places = [];
    for (let i = 0; i < workerCount; i++) {
      const proxy = await scene.proxy();
      places.push({ proxy, worker: await scene.start({ port: proxy.port, env }) });
    }
    const ids = [];
    for (let i = 0; i < jobs; i++) ids.push(scene.nextId());
    await Promise.all(
      ids.map((id) => backend.sendJob(scene.queue, id, { durationMs: Math.floor(stage.random() * 40) })),
    );
    for (const [i, fault] of faults.entries()) {
      // Spread over the whole queue, so that each fault hits workers in the middle of jobs.
      const after = Math.floor((jobs * (i + 1)) / (faults.length + 2));
      await backend.until(() => backend.finals.size >= after, `${after} of ${jobs} jobs`, 120_000);
      await harm[fault]?.(scene, places, stage);
    }
    findings.counted("faults", countBy(faults));
    await account(scene, findings, ids, 90_000);
  } finally {
    await scene.close();
  }
}

/**
 * Each kind as often as the others, in an order that the seed decides.
 * @param {Stage} stage
 */
function plan({ isShort, random }) {
  const kinds = isShort
    ? ["killBroker", "killWorker", "killWorker", "cut", "cut", "fallSilent", "fallSilent"]
    : Object.keys(harm).flatMap((kind) => Array(5).fill(kind));
  return kinds
    .map((kind) => ({ kind, rank: random() }))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ kind }) => kind);
}

/**
 * @param {readonly Place[]} places
 * @param {Stage} stage
 */
function pick(places, { random }) {
  const place = places[Math.floor(random() * places.length)];
  if (!place) throw new Error("there is no worker");
  return place;
}

/** @type {Readonly<Record<string, Harm>>} */
const harm = {
  async killBroker({ broker, trace }) {
    const fault = trace.fault("broker killed");
    await broker.kill();
    await broker.restart();
    // Of an order that had been put back when it was killed it may bring both, and the second runs some time after.
    fault.untilMs = Date.now() + aftermathMs;
  },
  async killWorker(scene, places, stage) {
    const place = pick(places, stage);
    scene.trace.fault("worker killed", { pids: [place.worker.pid] });
    await place.worker.kill();
    place.worker = scene.spawn({ port: place.proxy.port, env });
  },
  cut(scene, places, stage) {
    const { proxy, worker } = pick(places, stage);
    disconnect(scene, "connections cut", worker);
    proxy.cut();
  },
  fallSilent(scene, places, stage) {
    const { proxy, worker } = pick(places, stage);
    disconnect(scene, "connections half open", worker);
    proxy.fallSilent();
  },
};

/**
 * The fault lasts until the worker consumes again: until then it may begin jobs that the broker delivers to others.
 * @param {Scene} scene
 * @param {string} kind
 * @param {WorkerProcess} worker
 */
function disconnect({ trace }, kind, worker) {
  const fault = trace.fault(kind, { pids: [worker.pid], untilMs: Number.POSITIVE_INFINITY });
  const consumes = worker.logged(/Connected to the broker .*\(consumes\)/, { from: worker.log.length });
  const over = () => {
    fault.untilMs = Date.now();
  };
  consumes.then(over, over);
}

/** @param {readonly string[]} values */
function countBy(values) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
