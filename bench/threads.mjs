// The two threads of a media worker: how long their loops are held while it decodes, and decoding with a model of 20 ms
// in a thread of its own, compared with PyAV doing the same. Usage: [PYAV_PYTHON=…] node bench/threads.mjs [rounds]
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

/**
 * What one run measured, by the name of the measure.
 * @typedef {Record<string, number>} Run
 * @typedef {{ name: string, run: () => Run, warm: Run, runs: Run[] }} Column
 */

const rounds = Number(process.argv[2] ?? 9);
const python = process.env.PYAV_PYTHON;
const modelMs = 20;
const packages = join(import.meta.dirname, "..", "packages");
const folder = install();
const video = join(folder, "video.mp4");
try {
  const picture = "testsrc2=size=1920x1080:rate=25:duration=60,format=yuv420p";
  const rate = ["-b:v", "8M", "-maxrate", "8M", "-bufsize", "8M"];
  const codec = ["-c:v", "libx264", "-preset", "veryfast", ...rate];
  execFileSync("ffmpeg", ["-v", "error", "-f", "lavfi", "-i", picture, ...codec, video]);
  const repeats = calibrate();
  /** @type {{ name: string, run: () => Run }[]} */
  const programs = [
    { name: "decoding", run: () => runOurs({ model: false }) },
    { name: "with a model", run: () => runOurs({ model: true, repeats }) },
  ];
  if (python) programs.push({ name: "PyAV with it", run: () => runPython(python, repeats) });
  else console.error("PYAV_PYTHON is not set: without the column of PyAV.");
  /** @type {Column[]} */
  const columns = programs.map((program) => ({ ...program, warm: program.run(), runs: [] }));
  const loads = [loadavg()[0]];
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < columns.length; i++) {
      const column = columns[(round + i) % columns.length];
      column.runs.push(column.run());
    }
    loads.push(loadavg()[0]);
  }
  report(columns, repeats, loads);
} finally {
  rmSync(folder, { recursive: true });
}

function install() {
  if (!existsSync(join(packages, "sdk-media", "dist", "index.js"))) throw new Error("Build first: pnpm build");
  const installed = mkdtempSync(join(tmpdir(), "mcai-bench-"));
  cpSync(join(import.meta.dirname, "threads"), installed, { recursive: true });
  mkdirSync(join(installed, "node_modules", "@mcai"), { recursive: true });
  for (const name of ["sdk", "sdk-media"]) {
    const link = join(installed, "node_modules", "@mcai", name === "sdk" ? "worker-sdk" : "worker-sdk-media");
    symlinkSync(realpathSync(join(packages, name)), link);
  }
  return installed;
}

/** How often a frame must be digested so that it takes as long as the model should take. */
function calibrate() {
  const bytes = Buffer.alloc(224 * 224 * 3, 7);
  /** @param {number} times */
  const digest = (times) => {
    const startMs = performance.now();
    const hash = createHash("sha256");
    for (let i = 0; i < times; i++) hash.update(bytes);
    hash.digest();
    return performance.now() - startMs;
  };
  digest(50);
  return Math.max(1, Math.round((modelMs * 200) / digest(200)));
}

/** @param {Readonly<Record<string, boolean | number>>} values */
function runOurs(values) {
  const parameters = Object.entries({ ...values, source_path: video, destination_path: join(folder, "out.json") }).map(
    ([id, value]) => ({ id, type: typeof value, value }),
  );
  const order = join(folder, "order.json");
  writeFileSync(order, JSON.stringify({ job_id: 1, parameters }));
  const env = { PATH: process.env.PATH, SOURCE_ORDERS: order, MCAI_THREADS: "2", MCAI_LOG: "error" };
  return read(spawnSync(process.execPath, [join(folder, "main.mjs")], { env, encoding: "utf8" }));
}

/**
 * @param {string} command
 * @param {number} repeats
 */
function runPython(command, repeats) {
  const args = [join(folder, "pyav.py"), video, String(repeats)];
  return read(spawnSync(command, args, { env: { PATH: process.env.PATH }, encoding: "utf8" }));
}

/**
 * @param {import("node:child_process").SpawnSyncReturns<string>} ended
 * @returns {Run}
 */
function read({ status, stdout, stderr }) {
  if (status !== 0) throw new Error(`exit code ${status}:\n${stderr}`);
  return Object.assign(
    {},
    ...stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line)),
  );
}

/** @param {readonly number[]} values */
function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  /** @param {number} part */
  const at = (part) => Number((sorted[Math.round((sorted.length - 1) * part)] ?? Number.NaN).toPrecision(3));
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}

/**
 * @param {readonly Column[]} columns
 * @param {number} repeats
 * @param {readonly number[]} loads
 */
function report(columns, repeats, loads) {
  const keys = ["frames", "wallMs", "cpuMs", "jobP99Ms", "jobMaxMs", "mainP99Ms", "mainMaxMs"];
  const rows = columns.map(({ name, warm, runs }) => ({
    name,
    ...Object.fromEntries(
      keys.filter((key) => key in warm).map((key) => [key, quartiles(runs.flatMap((run) => run[key] ?? []))]),
    ),
  }));
  const [, ours, pyav] = columns;
  const wallOf = (/** @type {Run | undefined} */ run) => run?.wallMs ?? Number.NaN;
  const ratio = ours && pyav && quartiles(ours.runs.map((run, i) => wallOf(run) / wallOf(pyav.runs[i])));
  const result = { bench: "threads", node: process.version, rounds, repeats, loads, rows, wallToPyAV: ratio };
  console.log(JSON.stringify(result));
  for (const { name, ...values } of rows) {
    const shown = Object.entries(values).map(
      ([key, { median, lower, upper }]) => `${key} ${median} (${lower}–${upper})`,
    );
    console.error(`${name.padEnd(14)} ${shown.join("  ")}`);
  }
  if (ratio) console.error(`wall ours / PyAV: ${ratio.median} (${ratio.lower}–${ratio.upper})`);
}
