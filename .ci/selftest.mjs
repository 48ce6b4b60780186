// Tries the gate of the tests on one file of each kind.
import { execFile } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const folder = join(import.meta.dirname, "selftest");
const gate = join(import.meta.dirname, "..", "scripts", "gate.mjs");

/**
 * @typedef {object} Case
 * @property {string} file
 * @property {string} ci the variable CI
 * @property {string} [shared] the folder in place of ../shared. Default: one that exists
 * @property {number} code
 * @property {string} last the last line
 * @property {string} [prints]
 */

/** @type {readonly Case[]} */
const cases = [
  { file: "passing", ci: "true", code: 0, last: "1 passed, 0 failed" },
  { file: "failing", ci: "true", code: 1, last: "1 passed, 1 failed" },
  { file: "unloadable", ci: "true", code: 1, last: "0 passed, 1 failed" },
  { file: "rejection", ci: "true", code: 1, last: "1 passed, 1 failed" },
  { file: "hook", ci: "true", code: 1, last: "1 passed, 1 failed" },
  { file: "empty", ci: "true", code: 1, last: "0 passed, 1 failed" },
  { file: "exit", ci: "true", code: 1, last: "0 passed, 1 failed" },
  { file: "skipped", ci: "true", code: 1, last: "1 passed, 1 failed", prints: "the reason given" },
  { file: "skipped", ci: "true", shared: "missing", code: 1, last: "1 passed, 1 failed", prints: "the reason given" },
  { file: "reference", ci: "true", code: 1, last: "1 passed, 2 failed", prints: "../shared" },
  {
    file: "reference",
    ci: "true",
    shared: "missing",
    code: 0,
    last: "1 passed, 0 failed, 2 skipped",
    prints: "../shared",
  },
  { file: "skipped", ci: "", code: 0, last: "1 passed, 0 failed, 1 skipped", prints: "the reason given" },
];

/**
 * @param {Case} options
 * @returns {Promise<{ code: number | string | null | undefined, stdout: string, stderr: string }>}
 */
function run({ file, ci, shared = "." }) {
  const env = { ...process.env, CI: ci, GATE_SHARED: join(folder, shared) };
  const args = [gate, "--root", folder, "--config", join(folder, "vitest.config.mjs"), `${file}.fixture.mjs`];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : error.code, stdout, stderr });
    });
  });
}

/** @param {Case} wanted */
async function verify(wanted) {
  const { code, stdout, stderr } = await run(wanted);
  const last = stdout.trimEnd().split("\n").at(-1);
  const right = code === wanted.code && last === wanted.last && stdout.includes(wanted.prints ?? "");
  const where = `${wanted.ci ? " under CI" : ""}${wanted.shared ? " without ../shared" : ""}`;
  console.log(`${right ? "ok  " : "FAIL"} ${wanted.file}${where}: exit ${code}, "${last}"`);
  if (right) return;
  process.exitCode = 1;
  console.log(stdout, stderr);
}

const untried = readdirSync(folder).filter(
  (name) => name.endsWith(".fixture.mjs") && !cases.some(({ file }) => name === `${file}.fixture.mjs`),
);
if (untried.length > 0) throw new Error(`No case tries ${untried.join(", ")}.`);

// Two at a time: a start of vitest is most of the time.
const queue = [...cases];
async function worker() {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) await verify(next);
}
await Promise.all([worker(), worker()]);
