// pnpm model [--runs N] [--seed N] [--processes N] [--broker KIND]
// Random sequences of orders, faults and signals: N in one thread, then some as real processes on a real broker.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "300" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
    processes: { type: "string", default: "30" },
    broker: { type: "string", default: "3.10-classic" },
  },
});
const root = join(import.meta.dirname, "..");
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
console.log(`model: ${new Date().toISOString()}, Node ${process.version}, seed ${values.seed}`);
let failed = 0;
if (Number(values.runs) > 0)
  failed += run([vitest, "run", "--project", "sdk", "test/model"], {
    MCAI_MODEL_RUNS: values.runs,
    MCAI_MODEL_SEED: values.seed,
  });
if (Number(values.processes) > 0)
  failed += run([join(root, "chaos", "sequences.mjs"), values.processes, values.seed, values.broker], {});
console.log(`model: ${failed === 0 ? "passed" : "failed"}`);
process.exitCode = failed === 0 ? 0 : 1;

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function run(args, env) {
  const { status } = spawnSync(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  return status === 0 ? 0 : 1;
}
