// Jobs a second through RabbitMQ, and the time from spawn to consuming: ours, a raw amqplib loop, the same with a second
// connection and a second thread, and the Python reference in turns. Usage: AMQP_PORT=5672 node bench/jobs.mjs [rounds]
// [jobs]; README.md says what it needs and prints.
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";

const rounds = Number(process.argv[2] ?? 9);
const jobs = Number(process.argv[3] ?? 15_000);
// Processes that do the same differ, by up to a fifth side by side: so a round is the sum of several, of each column in turns.
const turns = 3;
// So many orders wait at the start, and half of them come when as many are answered.
const waiting = 100;
const root = join(import.meta.dirname, "..");
const port = Number(process.env.AMQP_PORT ?? 5672);
const python = process.env.PEER_CORE_PYTHON;
const peerWorkers = join(root, "..", "shared", "peer", "workers");
const queue = "job_bench";
const ticksPerSecond = 100; // of Linux on x64
const { connect } = createRequire(join(root, "packages", "sdk", "package.json"))("amqplib");

const steering = /^(AMQP|BACKEND|DESCRIBE|DIRECT_MESSAGING|FILE_LOGGING|MCAI|MESSAGE|NODE|ONLY_JSON|RUST|SOURCE)/;
const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !steering.test(name))),
  AMQP_TLS: "false",
  AMQP_PORT: String(port),
  AMQP_VHOST: "/",
  AMQP_QUEUE: queue,
  RUST_LOG: "error",
};

const backend = createServer((request, response) => {
  const answers = {
    "/api/sessions": { access_token: "t", user: { id: 1 } },
    "/api/step_flow": { application: "Step Flow", version: "1.8.2" },
  };
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify(answers[request.url] ?? { data: [], total: 0 }));
});
await new Promise((resolve) => backend.listen(0, "127.0.0.1", resolve));
environment.BACKEND_HOSTNAME = `http://127.0.0.1:${backend.address().port}/api`;

const folder = install();
const raw = join(import.meta.dirname, "jobs", "raw.mjs");
const columns = [
  { name: "ours", command: [process.execPath, join(folder, "main.js")] },
  { name: "raw amqplib", command: [process.execPath, raw], silent: true },
  { name: "raw, split", command: [process.execPath, raw, "split"], silent: true },
];
if (python && existsSync(peerWorkers))
  columns.push({ name: "reference", command: [python, "noop_worker.py"], cwd: peerWorkers, isReference: true });
for (const column of columns) Object.assign(column, { perSecond: [], cpuMs: [], startMs: [] });

const connection = await connect(`amqp://127.0.0.1:${port}`, { noDelay: true });
const channel = await connection.createConfirmChannel();
try {
  await declare();
  const load = loadavg()[0];
  // Once uncounted, so that files come from the page cache.
  for (const column of columns) await measure(column, 200);
  for (let round = 0; round < rounds; round++) {
    const measured = new Map(columns.map((column) => [column, []]));
    for (let turn = 0; turn < turns; turn++)
      for (let i = 0; i < columns.length; i++) {
        const column = columns[(round * turns + turn + i) % columns.length];
        const count = Math.ceil((column.isReference ? Math.min(jobs, 200) : jobs) / turns);
        measured.get(column).push(await measure(column, count));
      }
    for (const [column, parts] of measured) {
      const total = (key) => parts.reduce((sum, part) => sum + part[key], 0);
      column.perSecond.push(total("jobs") / total("seconds"));
      column.cpuMs.push(total("cpuMs") / total("jobs"));
      column.startMs.push(total("startMs") / turns);
    }
  }
  report(load);
} finally {
  await connection.close();
  backend.close();
  rmSync(folder, { recursive: true });
}

function install() {
  if (!existsSync(join(root, "packages", "sdk", "dist", "index.js"))) throw new Error("Build first: pnpm build");
  const installed = mkdtempSync(join(tmpdir(), "mcai-bench-"));
  cpSync(join(import.meta.dirname, "three"), installed, { recursive: true });
  mkdirSync(join(installed, "node_modules", "@mcai"), { recursive: true });
  symlinkSync(join(root, "packages", "sdk"), join(installed, "node_modules", "@mcai", "worker-sdk"));
  return installed;
}

// The worker's own declarations, so that the jobs can be there before it.
async function declare() {
  const topic = (name) =>
    channel.assertExchange(name, "topic", {
      arguments: { "alternate-exchange": name === "job_submit" ? "job_queue_not_found" : `${name}_not_found` },
    });
  for (const name of ["job_submit", "job_response", "worker_response"]) await topic(name);
  await channel.assertQueue(queue, {
    arguments: {
      "x-dead-letter-exchange": "job_delayed",
      "x-dead-letter-routing-key": queue,
      "x-max-priority": 100,
      "x-queue-type": "classic",
    },
  });
  await channel.bindQueue(queue, "job_submit", queue);
  for (const [name, exchange, key] of [
    ["bench_done", "job_response", "job_completed"],
    ["bench_created", "worker_response", "worker_created"],
  ]) {
    await channel.assertQueue(name, { durable: false });
    await channel.bindQueue(name, exchange, key);
  }
}

// From when two fifths of the jobs are answered to the last answer: V8 needs some 2,000 to have compiled all. The start
// is reported by itself. Orders come as they are answered, so that few wait: the broker collects garbage among those that
// do, and what that costs a job differs from one filling of a queue to the next (README.md).
async function measure(column, count) {
  for (const name of [queue, "bench_done", "bench_created"]) await channel.purgeQueue(name);
  let sent = 0;
  const feed = (orders) => {
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
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const created = column.silent ? spawnedMs : first("bench_created");
  const warmUp = Math.ceil(count * 0.4);
  const done = await all("bench_done", count, {
    from: warmUp,
    cpu: () => cpuMs(child.pid),
    onMessage: (seen) => seen % (waiting / 2) === 0 && feed(waiting / 2),
  });
  const startMs = (await created) - spawnedMs;
  child.kill("SIGKILL");
  await exited;
  return {
    jobs: count - warmUp,
    seconds: (done.lastMs - done.firstMs) / 1000,
    cpuMs: done.lastCpuMs - done.firstCpuMs,
    startMs,
  };
}

async function first(name) {
  const { firstMs } = await all(name, 1, { from: 1 });
  return firstMs;
}

function all(name, count, { from, cpu, onMessage }) {
  return new Promise((resolve, reject) => {
    let seen = 0;
    const marks = {};
    const timer = setTimeout(() => reject(new Error(`${name}: ${seen} of ${count} came within 120 s`)), 120_000);
    const consumer = channel.consume(
      name,
      async () => {
        seen++;
        onMessage?.(seen);
        if (seen === from) Object.assign(marks, { firstMs: performance.now(), firstCpuMs: cpu?.() });
        if (seen !== count) return;
        Object.assign(marks, { lastMs: performance.now(), lastCpuMs: cpu?.() });
        clearTimeout(timer);
        await channel.cancel((await consumer).consumerTag);
        resolve(marks);
      },
      { noAck: true },
    );
  });
}

function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
}

function quartiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => sorted[Math.round((sorted.length - 1) * part)];
  const round = (value) => Number(value.toPrecision(3));
  return { lower: round(at(0.25)), median: round(at(0.5)), upper: round(at(0.75)) };
}

function report(load) {
  const show = ({ median, lower, upper }) => `${median} (${lower}–${upper})`;
  const rows = columns.map(({ name, perSecond, cpuMs, startMs }) => ({
    name,
    jobsPerSecond: quartiles(perSecond),
    cpuMsPerJob: quartiles(cpuMs),
    spawnToConsumingMs: quartiles(startMs),
  }));
  const [ours, limit, split, reference] = columns;
  const ratio = (key, one, other) => quartiles(one[key].map((value, i) => value / other[key][i]));
  const ratios = {
    jobsPerSecondToRaw: ratio("perSecond", ours, limit),
    jobsPerSecondToSplit: ratio("perSecond", ours, split),
    splitToRaw: ratio("perSecond", split, limit),
    ...(reference && { spawnToConsumingToReference: ratio("startMs", ours, reference) }),
  };
  console.log(JSON.stringify({ bench: "jobs", node: process.version, rounds, jobs, load, rows, ratios }));
  for (const row of rows)
    console.error(
      `${row.name.padEnd(14)} ${show(row.jobsPerSecond).padEnd(24)} jobs/s  ${show(row.cpuMsPerJob).padEnd(24)} ms CPU a job  ${row.name.startsWith("raw") ? "" : `${show(row.spawnToConsumingMs)} ms from spawn to consuming`}`,
    );
  for (const [name, value] of Object.entries(ratios)) console.error(`${name}: ${show(value)}`);
}
