// The cold start: how long a local run of one order that does nothing takes, from spawn to exit, ours and the Python
// reference's in turns. Usage: node bench/start.mjs [rounds]; README.md says what it needs and prints.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

const rounds = Number(process.argv[2] ?? 15);
const root = join(import.meta.dirname, "..");
const python = process.env.PEER_CORE_PYTHON;
const peerWorkers = join(root, "..", "shared", "peer", "workers");

// Variables that would change what is measured.
const steering = /^(AMQP|BACKEND|DESCRIBE|DIRECT_MESSAGING|FILE_LOGGING|MCAI|MESSAGE|NODE|ONLY_JSON|RUST|SOURCE)/;
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !steering.test(name)));

/**
 * What is started, and what it took.
 * @typedef {object} Column
 * @property {string} name
 * @property {readonly [string, ...string[]]} command
 * @property {string} [cwd]
 * @property {Readonly<Record<string, string>>} env
 * @property {string} proof what stands in its output if it did its work
 * @property {number[]} wallMs
 * @property {number[]} cpuMs
 */

const folder = installNoopWorker();
try {
  const columns = listColumns();
  // Once uncounted: the files come from the disk, and a run that fails is no measurement.
  for (const column of columns) checkOnce(column);
  const load = loadavg()[0];
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < columns.length; i++) measure(columns[(round + i) % columns.length]);
  }
  report(columns, load);
} finally {
  rmSync(folder, { recursive: true });
}

/** Puts the worker into a folder of its own, with the built package where npm would install it. */
function installNoopWorker() {
  if (!existsSync(join(root, "packages", "sdk", "dist", "index.js"))) throw new Error("Build first: pnpm build");
  const installed = mkdtempSync(join(tmpdir(), "mcai-bench-"));
  cpSync(join(import.meta.dirname, "noop"), installed, { recursive: true });
  mkdirSync(join(installed, "node_modules", "@mcai"), { recursive: true });
  symlinkSync(join(root, "packages", "sdk"), join(installed, "node_modules", "@mcai", "worker-sdk"));
  return installed;
}

/** @returns {Column[]} */
function listColumns() {
  const order = { SOURCE_ORDERS: join(folder, "order.json") };
  /** @type {Omit<Column, "wallMs" | "cpuMs">} */
  const worker = {
    name: "ours",
    command: [process.execPath, join(folder, "main.js")],
    env: order,
    proof: '"Completed"',
  };
  /** @type {Omit<Column, "wallMs" | "cpuMs">} */
  const bare = { name: "node -e 0", command: [process.execPath, "-e", "0"], env: {}, proof: "" };
  const columns = [worker, bare];
  if (!python) console.error("PEER_CORE_PYTHON is not set: without the column of the reference.");
  else if (!existsSync(peerWorkers)) console.error(`${peerWorkers} is missing: without the column of the reference.`);
  else
    columns.push(
      { name: "reference", command: [python, "noop_worker.py"], cwd: peerWorkers, env: order, proof: '"Completed"' },
      { name: "python -c pass", command: [python, "-c", "pass"], env: {}, proof: "" },
    );
  return columns.map((column) => ({ ...column, wallMs: [], cpuMs: [] }));
}

/** @param {Column} column */
function checkOnce({ name, command, cwd, env, proof }) {
  const [file, ...args] = command;
  const { status, stderr } = spawnSync(file, args, { cwd, env: { ...environment, ...env }, encoding: "utf8" });
  if (status !== 0 || !stderr.includes(proof)) throw new Error(`${name} failed with exit code ${status}:\n${stderr}`);
}

/**
 * Bash measures, because Node does not report the CPU time of a child.
 * @param {Column} column
 */
function measure({ name, command, cwd, env, wallMs, cpuMs }) {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null 2>&1';
  const variables = { ...environment, ...env, LC_ALL: "C" };
  const args = ["-c", script, "bash", ...command];
  const { status, stderr } = spawnSync("bash", args, { cwd, env: variables, encoding: "utf8" });
  if (status !== 0) throw new Error(`${name} failed with exit code ${status}`);
  const [wall = 0, user = 0, system = 0] = stderr
    .trim()
    .split(" ")
    .map((seconds) => Math.round(Number(seconds) * 1000));
  wallMs.push(wall);
  cpuMs.push(user + system);
}

/**
 * @param {readonly Column[]} columns
 * @param {number | undefined} load
 */
function report(columns, load) {
  /** @param {string} name */
  const of = (name) => columns.find((column) => column.name === name);
  const rows = columns.map(({ name, wallMs, cpuMs }) => ({ name, wallMs: quartiles(wallMs), cpuMs: quartiles(cpuMs) }));
  // Round by round, so that what slows the whole machine down counts on both sides.
  const ratios = of("reference")?.wallMs.map((wall, round) => (of("ours")?.wallMs[round] ?? Number.NaN) / wall);
  const ratio = ratios && quartiles(ratios);
  console.log(
    JSON.stringify({ bench: "start", node: process.version, rounds, load, rows, oursToReference: ratio ?? null }),
  );
  /** @param {(string | number)[]} cells */
  const line = (...cells) =>
    console.error(
      cells
        .map((cell) => String(cell).padEnd(16))
        .join("")
        .trimEnd(),
    );
  line("", "wall ms", "(quartiles)", "CPU ms", "(quartiles)");
  for (const { name, wallMs, cpuMs } of rows)
    line(name, wallMs.median, `${wallMs.lower}–${wallMs.upper}`, cpuMs.median, `${cpuMs.lower}–${cpuMs.upper}`);
  if (ratio) console.error(`ours / reference: ${ratio.median} of the wall time (${ratio.lower}–${ratio.upper})`);
}

/** @param {readonly number[]} values */
function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  /** @param {number} part */
  const at = (part) => {
    const place = (sorted.length - 1) * part;
    const below = Math.floor(place);
    const value = sorted[below] + (place - below) * (sorted[Math.ceil(place)] - sorted[below]);
    return Math.round(value * 100) / 100;
  };
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}
