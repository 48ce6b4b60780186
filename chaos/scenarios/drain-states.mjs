// How long a worker takes to end after it was told to, in every state that it can be in.
import { alarmStates, drainMs, graceMs, states } from "../worker-states.mjs";

/**
 * @import { Findings } from "../findings.mjs"
 * @import { Stage } from "../stage.mjs"
 * @import { State } from "../worker-states.mjs"
 */

export const number = 15;
export const title = "the end of a worker in every state";

/** What docs/operations.md promises beyond the two settings. */
const closingMs = 10_000;
const parallel = 6;

/**
 * @param {Stage} stage
 * @param {Findings} findings
 */
export async function run(stage, findings) {
  // Those that take longest come first.
  const waiting = states.toReversed();
  const play = async () => {
    for (let state = waiting.shift(); state; state = waiting.shift()) await end(stage, findings, state);
  };
  await Promise.all(Array.from({ length: parallel }, play));
  const broker = await stage.broker;
  /** @type {Promise<string> | undefined} */
  let alarmed;
  const alarm = () => {
    alarmed ??= broker.ctl("set_vm_memory_high_watermark", "0.000001");
    return alarmed;
  };
  try {
    // Both workers are ready before the broker takes no more messages.
    await Promise.all(alarmStates(alarm).map((state) => end(stage, findings, state)));
  } finally {
    await broker.ctl("set_vm_memory_high_watermark", "0.4");
  }
}

/**
 * @param {Stage} stage
 * @param {Findings} findings
 * @param {State} state
 */
async function end(stage, findings, { name, enter, end, exitCode = 0 }) {
  const scene = await stage.scene();
  try {
    const worker = await enter(scene);
    const startMs = performance.now();
    if (end) await end(scene);
    else worker.signal("SIGTERM");
    const code = await worker.ended;
    const seconds = (performance.now() - startMs) / 1000;
    findings.atMost(name, (drainMs + graceMs + closingMs) / 1000, seconds, "s");
    findings.equal("… exit code", exitCode, code);
  } finally {
    await scene.close();
  }
}
