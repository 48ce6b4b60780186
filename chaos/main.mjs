// pnpm chaos [--short] [--only N[,N]] [--broker KIND[,KIND]] [--seed N] [--json FILE]
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Findings, toTable } from "./findings.mjs";
import { makeRandom } from "./random.mjs";
import { scenarios } from "./scenarios/index.mjs";
import { brokerKinds, Stage } from "./stage.mjs";

/**
 * @import { Row } from "./findings.mjs"
 * @import { BrokerKind } from "./stage.mjs"
 * @import { Scenario } from "./scenarios/index.mjs"
 */

const { values } = parseArgs({
  options: {
    short: { type: "boolean", default: false },
    only: { type: "string" },
    broker: { type: "string" },
    seed: { type: "string" },
    json: { type: "string", default: "chaos-report.json" },
  },
});
const isShort = values.short;
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
const allKinds = /** @type {BrokerKind[]} */ (Object.keys(brokerKinds));
const kindNames = values.broker?.split(",") ?? (isShort ? ["3.10-classic"] : allKinds);
const wanted = values.only?.split(",").map(Number);
const unknown = kindNames.filter((name) => !allKinds.some((kind) => kind === name));
if (unknown.length > 0) throw new Error(`--broker: ${unknown.join()} is not one of ${allKinds.join(", ")}`);
const kinds = allKinds.filter((kind) => kindNames.includes(kind));
const chosen = scenarios.filter(({ number, longOnly }) => wanted?.includes(number) ?? !(isShort && longOnly));
if (chosen.length === 0) throw new Error(`--only: there are the scenarios 1 to ${scenarios.length}`);

console.log(`chaos${isShort ? " --short" : ""}: seed ${seed}`);
const startMs = Date.now();
/** @type {Row[]} */
const rows = [];
/** @type {Record<string, string>} */
const versions = {};
for (const kind of kinds) {
  const stage = new Stage(kind, { isShort, random: makeRandom(seed) });
  try {
    // Scenarios that do not touch the broker and measure no time run concurrently.
    const gentle = chosen.filter(({ isGentle }) => isGentle);
    const played = await Promise.all(gentle.map((scenario) => play(scenario, stage)));
    for (const scenario of chosen) if (!scenario.isGentle) played.push(await play(scenario, stage));
    rows.push(...played.flat().toSorted((a, b) => a.scenario - b.scenario));
    versions[kind] = (await stage.broker).version;
  } finally {
    await stage.close();
  }
}
console.log(`\n${toTable(rows)}\n`);
const failed = rows.filter(({ ok }) => !ok).length;
const report = {
  date: new Date(startMs).toISOString(),
  command: `pnpm chaos ${process.argv.slice(2).join(" ")}`.trim(),
  seconds: Math.round((Date.now() - startMs) / 1000),
  node: process.version,
  brokers: versions,
  seed,
  rows,
};
await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`);
console.log(
  `chaos: ${rows.length - failed} as expected, ${failed} not, ${report.seconds} s, seed ${seed}; ${values.json}`,
);
process.exitCode = failed > 0 ? 1 : 0;

/**
 * @param {Scenario} scenario
 * @param {Stage} stage
 */
async function play({ number, title, run, brokers = allKinds }, stage) {
  console.log(`\n${number}. ${title} (${stage.kind})`);
  if (!brokers.includes(stage.kind)) {
    console.log(`  skipped: only on ${brokers.join(", ")}`);
    return [];
  }
  const findings = new Findings(number, stage.kind);
  const beganMs = Date.now();
  try {
    await run(stage, findings);
  } catch (error) {
    findings.broken(error);
  }
  console.log(`${number}. took ${((Date.now() - beganMs) / 1000).toFixed(1)} s`);
  return findings.rows;
}
