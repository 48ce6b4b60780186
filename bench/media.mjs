// The cost of decoding: the SDK, node-av alone and FFmpeg's command line on the same media, in turns, each run a process
// of its own. Usage: node bench/media.mjs [rounds [minutes]]; README.md says what it needs and prints.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, symlinkSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

const rounds = Number(process.argv[2] ?? 9);
const deadline = Date.now() + Number(process.argv[3] ?? 1e6) * 60_000;
const root = join(import.meta.dirname, "..");
const packages = join(root, "packages");

// Variables that would change what is measured.
const steering = /^(AMQP|BACKEND|DESCRIBE|DIRECT_MESSAGING|FILE_LOGGING|MCAI|MESSAGE|NODE|ONLY_JSON|RUST|SOURCE)/;
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !steering.test(name)));

/**
 * What one run measured, by the name of the measure.
 * @typedef {Record<string, number>} Run
 */

/**
 * Runs of one program on one task.
 * @typedef {{ task: string, who: string, run: () => Run, runs: Run[], frames?: number | undefined }} Column
 */

// What is asked of the media; the CPU and wall ratios to FFmpeg that ours may have.
const tasks = [
  { name: "nothing", media: "video.mp4", ffmpeg: ["-map", "0:v"], cpuLimit: 1.05, wallLimit: 1.1 },
  { name: "planes", media: "video.mp4", sameAs: "nothing", cpuLimit: 1.12 },
  { name: "scaled", media: "video.mp4", ffmpeg: ["-map", "0:v", "-vf", "scale=960:540"], cpuLimit: 1.1 },
  { name: "sound", media: "sound.m4a", ffmpeg: ["-map", "0:a"], cpuLimit: 1.15 },
];

const folder = install();
try {
  makeMedia();
  const columns = listColumns();
  // Once uncounted: the files come from the disk, and all must give the same number of frames.
  for (const column of columns) column.frames = column.run().frames;
  checkFrames(columns);
  const loads = [loadavg()[0]];
  for (let round = 0; round < rounds && Date.now() < deadline; round++) {
    for (let i = 0; i < columns.length; i++) {
      const column = columns[(round + i) % columns.length];
      column.runs.push(column.run());
    }
    loads.push(loadavg()[0]);
    console.error(`round ${round + 1} of ${rounds}, load ${loads.at(-1)}`);
  }
  report(columns, loads);
} finally {
  rmSync(folder, { recursive: true });
}

/** Puts the child into a folder of its own, with the built packages where npm would install them. */
function install() {
  for (const name of ["sdk", "sdk-media"])
    if (!existsSync(join(packages, name, "dist", "index.js"))) throw new Error("Build first: pnpm build");
  const installed = mkdtempSync(join(tmpdir(), "mcai-bench-"));
  cpSync(join(import.meta.dirname, "media"), installed, { recursive: true });
  mkdirSync(join(installed, "node_modules", "@mcai"), { recursive: true });
  /** @type {(path: string, name: string) => void} */
  const link = (path, name) => symlinkSync(realpathSync(path), join(installed, "node_modules", name));
  link(join(packages, "sdk"), "@mcai/worker-sdk");
  link(join(packages, "sdk-media"), "@mcai/worker-sdk-media");
  link(join(packages, "sdk-media", "node_modules", "node-av"), "node-av");
  return installed;
}

/** 1080p25 H.264 of 60 s at 8 Mb/s; AAC of 600 s: a moving test picture, and pink noise. */
function makeMedia() {
  const picture = "testsrc2=size=1920x1080:rate=25:duration=60,format=yuv420p";
  const rate = ["-b:v", "8M", "-maxrate", "8M", "-bufsize", "8M"];
  const noise = "anoisesrc=color=pink:sample_rate=48000:duration=600,aformat=channel_layouts=stereo";
  make("video.mp4", picture, ["-c:v", "libx264", "-preset", "veryfast", ...rate]);
  make("sound.m4a", noise, ["-c:a", "aac", "-b:a", "128k"]);
}

/**
 * @param {string} name
 * @param {string} source
 * @param {readonly string[]} options
 */
function make(name, source, options) {
  const args = ["-v", "error", "-f", "lavfi", "-i", source, ...options, join(folder, name)];
  const { status, stderr } = spawnSync("ffmpeg", args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`ffmpeg could not make ${name}: ${stderr}`);
  console.error(`${name}: ${statSync(join(folder, name)).size} bytes`);
}

/** @returns {Column[]} */
function listColumns() {
  const columns = tasks.flatMap(({ name, media, ffmpeg }) => {
    const file = join(folder, media);
    /** @type {(who: string) => Omit<Column, "runs">} */
    const child = (who) => ({ task: name, who, run: () => runChild(who, name, file) });
    const args = ["-v", "error", "-nostdin", "-threads", "2", "-i", file];
    const peer = ffmpeg && { task: name, who: "ffmpeg", run: () => runFfmpeg([...args, ...ffmpeg, "-f", "null", "-"]) };
    return [...(peer ? [peer] : []), child("bare"), child("ours")];
  });
  columns.push({ task: "start", who: "ffmpeg", run: () => runFfmpeg(["-version"]) });
  return columns.map((column) => ({ ...column, runs: [] }));
}

/**
 * @param {string} who
 * @param {string} task
 * @param {string} file
 * @returns {Run}
 */
function runChild(who, task, file) {
  const args = [join(folder, "child.mjs"), who, task, file];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { env: environment, encoding: "utf8" });
  if (status !== 0) throw new Error(`${who} ${task} failed with exit code ${status}:\n${stderr}`);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

/**
 * Bash measures, because Node does not report the CPU time of a child.
 * @param {readonly string[]} args
 * @returns {Run}
 */
function runFfmpeg(args) {
  const script = 'TIMEFORMAT="%3R %3U %3S"; time "$@" >/dev/null';
  const env = { ...environment, LC_ALL: "C" };
  const command = ["-c", script, "bash", "ffmpeg", ...args];
  const { status, stderr } = spawnSync("bash", command, { env, encoding: "utf8" });
  if (status !== 0) throw new Error(`ffmpeg ${args.join(" ")} failed with exit code ${status}: ${stderr}`);
  const [wall = Number.NaN, user = Number.NaN, system = Number.NaN] =
    stderr.trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 };
}

/** @param {readonly Column[]} columns */
function checkFrames(columns) {
  for (const { task, frames } of columns.filter(({ who }) => who === "bare")) {
    const own = columns.find((column) => column.task === task && column.who === "ours")?.frames;
    if (own === undefined || own !== frames || !(own >= 1500))
      throw new Error(`${task}: ours gave ${own} frames, node-av ${frames}`);
  }
}

/**
 * @param {readonly Column[]} columns
 * @param {readonly number[]} loads
 */
function report(columns, loads) {
  const rows = columns.map(({ task, who, runs }) => {
    /** @param {string} key */
    const of = (key) => {
      const values = runs.flatMap((run) => run[key] ?? []);
      return values.length > 0 ? quartiles(values, 1) : undefined;
    };
    const [wallMs, cpuMs, startWallMs] = [of("wallMs"), of("cpuMs"), of("startWallMs")];
    const [startCpuMs, delayP99Ms, delayMaxMs] = [of("startCpuMs"), of("delayP99Ms"), of("delayMaxMs")];
    return { task, who, wallMs, cpuMs, startWallMs, startCpuMs, delayP99Ms, delayMaxMs };
  });
  /** @type {(task: string, who: string) => readonly Run[]} */
  const runsOf = (task, who) => columns.find((column) => column.task === task && column.who === who)?.runs ?? [];
  const ratios = tasks.map(({ name, sameAs = name, cpuLimit, wallLimit }) => {
    const [ours, bare, ffmpeg] = [runsOf(name, "ours"), runsOf(name, "bare"), runsOf(sameAs, "ffmpeg")];
    // Round by round, so that what slows the whole machine down counts on both sides.
    /** @type {(these: readonly Run[], those: readonly Run[], key: string) => Quartiles} */
    const ratio = (these, those, key) =>
      quartiles(
        these.map((run, round) => (run[key] ?? Number.NaN) / (those[round]?.[key] ?? Number.NaN)),
        3,
      );
    return {
      task: name,
      cpuToFfmpeg: ratio(ours, ffmpeg, "cpuMs"),
      cpuLimit,
      wallToFfmpeg: ratio(ours, ffmpeg, "wallMs"),
      ...(wallLimit && { wallLimit }),
      cpuToBare: ratio(ours, bare, "cpuMs"),
      wallToBare: ratio(ours, bare, "wallMs"),
      bareCpuToFfmpeg: ratio(bare, ffmpeg, "cpuMs"),
    };
  });
  const ffmpeg = spawnSync("ffmpeg", ["-version"], { encoding: "utf8" }).stdout.split(" ")[2];
  console.log(
    JSON.stringify({ bench: "media", node: process.version, ffmpeg, rounds: loads.length - 1, loads, rows, ratios }),
  );
  /** @param {string[]} cells */
  const line = (...cells) =>
    console.error(
      cells
        .map((cell) => cell.padEnd(24))
        .join("")
        .trimEnd(),
    );
  /** @param {Quartiles | undefined} values */
  const show = (values) => (values ? `${values.median} (${values.lower}–${values.upper})` : "");
  line("", "wall ms", "CPU ms", "start-up wall ms", "loop delay p99 ms", "loop delay max ms");
  for (const { task, who, wallMs, cpuMs, startWallMs, delayP99Ms, delayMaxMs } of rows)
    line(`${task}: ${who}`, ...[wallMs, cpuMs, startWallMs, delayP99Ms, delayMaxMs].map(show));
  line("\nratios", "CPU ours/ffmpeg", "wall ours/ffmpeg", "CPU ours/bare", "wall ours/bare", "CPU bare/ffmpeg");
  for (const { task, cpuLimit, wallLimit, ...of } of ratios) {
    const limits = `CPU ≤ ${cpuLimit}${wallLimit ? `, wall ≤ ${wallLimit}` : ""}`;
    const cells = [of.cpuToFfmpeg, of.wallToFfmpeg, of.cpuToBare, of.wallToBare, of.bareCpuToFfmpeg].map(show);
    line(task, ...cells, limits);
  }
}

/**
 * @typedef {{ lower: number, median: number, upper: number }} Quartiles
 */

/**
 * @param {readonly number[]} values
 * @param {number} digits
 * @returns {Quartiles}
 */
function quartiles(values, digits) {
  const sorted = [...values].sort((a, b) => a - b);
  /** @param {number} part */
  const at = (part) => {
    const place = (sorted.length - 1) * part;
    const below = Math.floor(place);
    const value = sorted[below] + (place - below) * (sorted[Math.ceil(place)] - sorted[below]);
    return Number(value.toFixed(digits));
  };
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}
