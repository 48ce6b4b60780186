// Jobs a second and CPU time a job through RabbitMQ, and the time from spawn to consuming: this SDK, a loop of plain
// amqplib, the same loop with a second connection and a second thread, and the Python reference, in turns. Usage:
// AMQP_PORT=5672 node bench/jobs.mjs [rounds] [jobs] [--other FOLDER]; README.md says what it needs and prints.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { join, resolve as resolvePath } from "node:path";
import { parseArgs } from "node:util";

/**
 * A kind of process that is measured, with its figures of each round.
 * @typedef {object} Column
 * @property {string} name
 * @property {readonly string[]} command
 * @property {string} [cwd]
 * @property {boolean} [isSilent] it does not announce itself
 * @property {boolean} [isReference]
 * @property {Record<Figure, number[]>} figures
 */
/** @typedef {"jobsPerSecond" | "cpuMsPerJob" | "startMs"} Figure */
/** @typedef {{ jobs: number, seconds: number, cpuMs: number, startMs: number }} Measurement */
/** @typedef {{ lower: number, median: number, upper: number }} Quartiles */
/** @typedef {{ firstMs: number, firstCpuMs: number, lastMs: number, lastCpuMs: number }} Marks */

const { positionals, values } = parseArgs({ allowPositionals: true, options: { other: { type: "string" } } });
const rounds = Number(positionals[0] ?? 9);
const jobs = Number(positionals[1] ?? 15_000);
/** The limits: this SDK compared with the loop of plain amqplib, as medians of the ratios of each round. */
const maxCpuToRaw = 2.4;
const minJobsPerSecondToRaw = 0.65;
// Processes that do the same differ by up to a fifth, even at the same time. So a round has several of each column.
const turns = 3;
// So many orders wait at the start; half as many are added when half as many are answered.
const waiting = 100;
const root = join(import.meta.dirname, "..");
const port = Number(process.env.AMQP_PORT ?? 5672);
const python = process.env.PEER_CORE_PYTHON;
const referenceWorkers = join(root, "..", "shared", "peer", "workers");
const queue = "job_bench";
const ticksPerSecond = 100; // of Linux on x64
/** @type {typeof import("../packages/sdk/node_modules/amqplib/index.js")} */
const { connect } = createRequire(join(root, "packages", "sdk", "package.json"))("amqplib");

const settings = /^(AMQP|BACKEND|DESCRIBE|DIRECT_MESSAGING|FILE_LOGGING|MCAI|MESSAGE|NODE|ONLY_JSON|RUST|SOURCE)/;
/** @type {NodeJS.ProcessEnv} */
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !settings.test(name))),
  AMQP_TLS: "false",
  AMQP_PORT: String(port),
  AMQP_VHOST: "/",
  AMQP_QUEUE: queue,
  MCAI_LOG: "warn",
  RUST_LOG: "error", // the reference's
};

const backend = createServer((request, response) => {
  const answer =
    request.url === "/api/sessions"
      ? { access_token: "t", user: { id: 1 } }
      : request.url === "/api/step_flow"
        ? { application: "Step Flow", version: "1.8.2" }
        : { data: [], total: 0 };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(answer));
});
await once(backend.listen(0, "127.0.0.1"), "listening");
const { port: backendPort } = /** @type {import("node:net").AddressInfo} */ (backend.address());
environment.BACKEND_HOSTNAME = `http://127.0.0.1:${backendPort}/api`;

/** @type {string[]} */
const folders = [];
const rawLoop = join(import.meta.dirname, "jobs", "raw.mjs");
const ours = toColumn("ours", [process.execPath, join(install(root), "main.js")]);
const raw = { ...toColumn("raw amqplib", [process.execPath, rawLoop]), isSilent: true };
const split = { ...toColumn("raw, split", [process.execPath, rawLoop, "split"]), isSilent: true };
const other =
  values.other === undefined
    ? undefined
    : toColumn("other", [process.execPath, join(install(resolvePath(values.other)), "main.js")]);
const reference =
  python && existsSync(referenceWorkers)
    ? { ...toColumn("reference", [python, "noop_worker.py"]), cwd: referenceWorkers, isReference: true }
    : undefined;
/** @type {Column[]} */
const columns = [ours, raw, split, other, reference].filter((column) => column !== undefined);

const connection = await connect(`amqp://127.0.0.1:${port}`, { noDelay: true });
const channel = await connection.createConfirmChannel();
try {
  await declare();
  const load = loadavg()[0];
  // One run of each that is not counted, so that files come from the page cache.
  for (const column of columns) await measure(column, 200);
  for (let round = 0; round < rounds; round++) await measureRound(round);
  report(load);
} finally {
  await connection.close();
  backend.close();
  for (const folder of folders) rmSync(folder, { recursive: true });
}

/**
 * @param {string} name
 * @param {readonly string[]} command
 * @returns {Column}
 */
function toColumn(name, command) {
  return { name, command, figures: { jobsPerSecond: [], cpuMsPerJob: [], startMs: [] } };
}

/**
 * Installs the worker with the SDK of a checkout that is built.
 * @param {string} checkout
 */
function install(checkout) {
  const sdk = join(checkout, "packages", "sdk");
  if (!existsSync(join(sdk, "dist", "index.js"))) throw new Error(`${checkout} is not built; run pnpm build there`);
  const folder = mkdtempSync(join(tmpdir(), "mcai-bench-"));
  folders.push(folder);
  cpSync(join(import.meta.dirname, "three"), folder, { recursive: true });
  mkdirSync(join(folder, "node_modules", "@mcai"), { recursive: true });
  symlinkSync(sdk, join(folder, "node_modules", "@mcai", "worker-sdk"));
  return folder;
}

// What the worker declares itself, so that jobs can be sent before it starts.
async function declare() {
  for (const name of ["job_submit", "job_response", "worker_response"]) {
    const alternate = name === "job_submit" ? "job_queue_not_found" : `${name}_not_found`;
    await channel.assertExchange(name, "topic", { arguments: { "alternate-exchange": alternate } });
  }
  await channel.assertQueue(queue, {
    arguments: {
      "x-dead-letter-exchange": "job_delayed",
      "x-dead-letter-routing-key": queue,
      "x-max-priority": 100,
      "x-queue-type": "classic",
    },
  });
  await channel.bindQueue(queue, "job_submit", queue);
  await channel.assertQueue("bench_done", { durable: false });
  await channel.bindQueue("bench_done", "job_response", "job_completed");
  await channel.assertQueue("bench_created", { durable: false });
  await channel.bindQueue("bench_created", "worker_response", "worker_created");
}

/** @param {number} round */
async function measureRound(round) {
  /** @type {Map<Column, Measurement[]>} */
  const measured = new Map(columns.map((column) => [column, []]));
  for (let turn = 0; turn < turns; turn++)
    for (let i = 0; i < columns.length; i++) {
      // Each column is the first in turn.
      const column = columns[(round * turns + turn + i) % columns.length];
      const count = Math.ceil((column.isReference ? Math.min(jobs, 200) : jobs) / turns);
      measured.get(column)?.push(await measure(column, count));
    }
  for (const [{ figures }, parts] of measured) {
    const total = (/** @type {keyof Measurement} */ key) => parts.reduce((sum, part) => sum + part[key], 0);
    figures.jobsPerSecond.push(total("jobs") / total("seconds"));
    figures.cpuMsPerJob.push(total("cpuMs") / total("jobs"));
    figures.startMs.push(total("startMs") / turns);
  }
}

/**
 * Runs one process. It is measured from when two fifths of the jobs are answered, because V8 needs about 2,000 to compile
 * everything; the start is measured separately. Orders are added as jobs are answered, so that few wait: the broker
 * collects garbage among those that wait, and its cost differs from one filling of a queue to the next (README.md).
 * @param {Column} column
 * @param {number} count
 * @returns {Promise<Measurement>}
 */
async function measure(column, count) {
  for (const name of [queue, "bench_done", "bench_created"]) await channel.purgeQueue(name);
  let sent = 0;
  const feed = (/** @type {number} */ orders) => {
    for (const end = Math.min(count, sent + orders); sent < end; sent++) {
      const order = { job_id: sent + 1, parameters: [{ id: "action", type: "string", value: "noop" }] };
      channel.publish("job_submit", queue, Buffer.from(JSON.stringify(order)), { deliveryMode: 2 });
    }
  };
  feed(waiting);
  await channel.waitForConfirms();
  const spawnedMs = performance.now();
  const [file, ...args] = column.command;
  const child = spawn(file, args, { cwd: column.cwd, env: environment, stdio: "ignore" });
  const exited = once(child, "exit");
  const created = column.isSilent ? undefined : receive("bench_created", 1, { from: 1 });
  const warmUp = Math.ceil(count * 0.4);
  const done = await receive("bench_done", count, {
    from: warmUp,
    cpuMs: () => readCpuMs(Number(child.pid)),
    onMessage: (seen) => seen % (waiting / 2) === 0 && feed(waiting / 2),
  });
  const startMs = created ? (await created).firstMs - spawnedMs : 0;
  child.kill("SIGKILL");
  await exited;
  return {
    jobs: count - warmUp,
    seconds: (done.lastMs - done.firstMs) / 1000,
    cpuMs: done.lastCpuMs - done.firstCpuMs,
    startMs,
  };
}

/**
 * Receives so many messages of a queue, and notes the times of the message `from` and of the last.
 * @param {string} name
 * @param {number} count
 * @param {{ from: number, cpuMs?: () => number, onMessage?: (seen: number) => void }} options
 * @returns {Promise<Marks>}
 */
function receive(name, count, { from, cpuMs = () => 0, onMessage }) {
  return new Promise((resolve, reject) => {
    let seen = 0;
    const marks = { firstMs: 0, firstCpuMs: 0, lastMs: 0, lastCpuMs: 0 };
    const timer = setTimeout(() => reject(new Error(`${name}: ${seen} of ${count} arrived within 120 s`)), 120_000);
    const take = async () => {
      seen++;
      onMessage?.(seen);
      if (seen === from) Object.assign(marks, { firstMs: performance.now(), firstCpuMs: cpuMs() });
      if (seen !== count) return;
      Object.assign(marks, { lastMs: performance.now(), lastCpuMs: cpuMs() });
      clearTimeout(timer);
      await channel.cancel((await consumer).consumerTag);
      resolve(marks);
    };
    const consumer = channel.consume(name, take, { noAck: true });
    consumer.catch(reject);
  });
}

/** @param {number} pid */
function readCpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

/**
 * @param {readonly number[]} values
 * @returns {Quartiles}
 */
function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (/** @type {number} */ part) => Number(sorted[Math.round((sorted.length - 1) * part)].toPrecision(3));
  return { lower: at(0.25), median: at(0.5), upper: at(0.75) };
}

/** @param {number} load the load average before the first round */
function report(load) {
  const show = (/** @type {Quartiles} */ { median, lower, upper }) => `${median} (${lower}–${upper})`;
  /** @type {(key: Figure, one: Column, two: Column) => Quartiles} */
  const ratio = (key, one, two) => quartiles(one.figures[key].map((value, i) => value / two.figures[key][i]));
  const ratios = {
    cpuToRaw: ratio("cpuMsPerJob", ours, raw),
    jobsPerSecondToRaw: ratio("jobsPerSecond", ours, raw),
    jobsPerSecondToSplit: ratio("jobsPerSecond", ours, split),
    splitToRaw: ratio("jobsPerSecond", split, raw),
    ...(other && {
      cpuToOther: ratio("cpuMsPerJob", ours, other),
      jobsPerSecondToOther: ratio("jobsPerSecond", ours, other),
    }),
    ...(reference && { startToReference: ratio("startMs", ours, reference) }),
  };
  const checks = [
    {
      name: `CPU a job, at most ${maxCpuToRaw} × raw amqplib's`,
      value: ratios.cpuToRaw.median,
      passes: ratios.cpuToRaw.median <= maxCpuToRaw,
    },
    {
      name: `jobs a second, at least ${minJobsPerSecondToRaw} × raw amqplib's`,
      value: ratios.jobsPerSecondToRaw.median,
      passes: ratios.jobsPerSecondToRaw.median >= minJobsPerSecondToRaw,
    },
  ];
  const rows = columns.map(({ name, figures, isSilent }) => ({
    name,
    jobsPerSecond: quartiles(figures.jobsPerSecond),
    cpuMsPerJob: quartiles(figures.cpuMsPerJob),
    ...(!isSilent && { startMs: quartiles(figures.startMs) }),
  }));
  console.log(JSON.stringify({ bench: "jobs", node: process.version, rounds, jobs, load, rows, ratios, checks }));
  for (const { name, jobsPerSecond, cpuMsPerJob, startMs } of rows) {
    const start = startMs ? `${show(startMs)} ms from spawn to consuming` : "";
    const figures = `${show(jobsPerSecond).padEnd(24)} jobs/s  ${show(cpuMsPerJob).padEnd(24)} ms CPU a job`;
    console.error(`${name.padEnd(14)} ${figures}  ${start}`);
  }
  for (const [name, value] of Object.entries(ratios)) console.error(`${name}: ${show(value)}`);
  for (const { name, value, passes } of checks) console.error(`${passes ? "pass" : "FAIL"}  ${name}: ${value}`);
  if (!checks.every(({ passes }) => passes)) process.exitCode = 1;
}
