// pnpm conformance platform [--write]
// pnpm conformance [scenario part …] [--golden folder] [--parallel n] [--keep folder | --captured folder/captures]
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { checkConformance, isPassed, report } from "./conformance.ts";
import { missingMaterial, shared } from "./paths.ts";
import { checkPlatform } from "./platform/check.ts";

const { values, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: {
    golden: { type: "string", default: join(shared, "golden") },
    captured: { type: "string" },
    keep: { type: "string" },
    write: { type: "boolean", default: false },
    parallel: { type: "string", default: String(Math.min(4, availableParallelism() + 1)) },
  },
});
if (parts.includes("platform")) {
  const { lines, isPassed: isWell } = await checkPlatform(values.write);
  console.log(lines.join("\n"));
  process.exit(isWell ? 0 : 1);
}
const missing = missingMaterial();
if (missing !== undefined) throw new Error(missing);
const startMs = performance.now();
const outcome = await checkConformance({
  golden: resolve(values.golden),
  captured: values.captured === undefined ? undefined : resolve(values.captured),
  keep: values.keep === undefined ? undefined : resolve(values.keep),
  parallel: Number(values.parallel),
  wants: parts.length === 0 ? undefined : (scenario) => parts.some((part) => scenario.includes(part)),
});
console.log(report(outcome));
console.log(`${Math.round((performance.now() - startMs) / 1000)} s`);
process.exitCode = isPassed(outcome) ? 0 : 1;
