// node chaos/sequences.mjs COUNT SEED BROKER: random sequences of orders, cuts, kills and signals to real processes. `pnpm model`
// runs it after the sequences in one thread.
import { makeRandom } from "./random.mjs";
import { Sequence } from "./sequence.mjs";
import { Stage } from "./stage.mjs";

/**
 * @import { BrokerKind } from "./stage.mjs"
 * @typedef {{ seed: number, steps: readonly string[], faults: readonly string[], statusMs: number, endMs: number }} Outcome
 */

const parallel = 4;

const [count = "30", firstSeed = "1", kind = "3.10-classic"] = process.argv.slice(2);
const stage = new Stage(/** @type {BrokerKind} */ (kind), { isShort: true, random: makeRandom(1) });
const startMs = Date.now();
/** @type {Outcome[]} */
const outcomes = [];
try {
  let next = 0;
  const player = async () => {
    while (next < Number(count)) outcomes.push(await play(Number(firstSeed) + next++));
  };
  await Promise.all(Array.from({ length: parallel }, player));
  const wrong = outcomes.filter(({ faults }) => faults.length > 0);
  for (const { seed, steps, faults } of wrong) console.log(`seed ${seed}: ${faults.join("; ")}\n  ${steps.join(", ")}`);
  const most = (/** @type {(outcome: Outcome) => number} */ of) => Math.round(Math.max(...outcomes.map(of)));
  const summary = {
    broker: (await stage.broker).version,
    ...{ sequences: outcomes.length, steps: outcomes.reduce((sum, { steps }) => sum + steps.length, 0) },
    ...{ wrong: wrong.length, statusMs: most(({ statusMs }) => statusMs), endMs: most(({ endMs }) => endMs) },
    seconds: Math.round((Date.now() - startMs) / 1000),
  };
  console.log(`processes: ${JSON.stringify(summary)}`);
  process.exitCode = wrong.length > 0 ? 1 : 0;
} finally {
  await stage.close();
}

/**
 * @param {number} seed
 * @returns {Promise<Outcome>}
 */
async function play(seed) {
  const scene = await stage.scene();
  /** @type {string[]} */
  const steps = [];
  /** @type {string[]} */
  const faults = [];
  try {
    const sequence = new Sequence(scene, makeRandom(seed));
    await sequence.start();
    for (let step = 0; step < 20; step++) steps.push(await sequence.step());
    const { statusMs, endMs } = await sequence.finish(faults);
    return { seed, steps, faults, statusMs, endMs };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { seed, steps, faults: [...faults, reason], statusMs: 0, endMs: 0 };
  } finally {
    await scene.close();
  }
}
