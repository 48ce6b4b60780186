// Runs vitest once, with the arguments given, and ends with the line "N passed, N failed". Vitest's own count misses
// a file that fails to load and a stray rejection, so the exit code counts too. Under CI a skipped test is a failure,
// except one that needs ../shared where that folder does not exist.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const folder = mkdtempSync(join(tmpdir(), "mcai-gate-"));
const reportPath = join(folder, "report.json");
const reporter = join(import.meta.dirname, "gate-reporter.mjs");

// The self-test of this script names another folder.
const shared = process.env.GATE_SHARED ?? join(import.meta.dirname, "../../shared");

const child = spawn(
  process.execPath,
  [vitest, "run", "--reporter=default", `--reporter=${reporter}`, ...process.argv.slice(2)],
  { stdio: "inherit", env: { ...process.env, GATE_REPORT: reportPath } },
);
process.on("SIGINT", () => {}); // vitest handles it
process.on("SIGTERM", () => child.kill("SIGTERM"));
const code = await new Promise((resolve) => child.on("exit", resolve));

const { passed, failed: reported, skipped } = readReport();
const ci = !["", "0", "false"].includes(process.env.CI ?? "");
const isFailure = skipped.map((line) => ci && (existsSync(shared) || !line.includes("../shared")));
const skippedFailures = isFailure.filter((fails) => fails).length;
const allowed = skipped.length - skippedFailures;
let failed = reported + skippedFailures;
if (failed === 0 && (code !== 0 || passed === 0)) failed = 1;

for (const [index, line] of skipped.entries())
  console.log(`skipped${isFailure[index] ? " (a failure under CI)" : ""}: ${line}`);
console.log(`${passed} passed, ${failed} failed${allowed > 0 ? `, ${allowed} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;

/** @returns {import("./gate-reporter.mjs").Report} */
function readReport() {
  try {
    return JSON.parse(readFileSync(reportPath, "utf8"));
  } catch {
    return { passed: 0, failed: 0, skipped: [] }; // vitest ended before its reporter ran
  } finally {
    rmSync(folder, { recursive: true });
  }
}
