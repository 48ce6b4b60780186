// The time that a worker adds between two SRT peers. Usage: node bench/srt.mjs [rounds]; README.md says what it prints.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const rounds = Number(process.argv[2] ?? 9);
const latencyMs = 120;
const limitMs = 50;
const cases = [
  { name: "at once, 20 a second", handlerMs: 0, concurrency: 1, documents: 200, gapMs: 50 },
  { name: "300 ms, 4 at once, 3 a second", handlerMs: 300, concurrency: 4, documents: 31, gapMs: 333 },
];

/** @typedef {typeof cases[number]} Case */

const manifest = { name: "bench", version: "1.0.0", description: "SRT to SRT", license: "MIT", type: "module" };
const packages = join(import.meta.dirname, "..", "packages");
const folder = mkdtempSync(join(tmpdir(), "mcai-srt-"));
const installed = join(folder, "node_modules");
mkdirSync(join(installed, "@mcai"), { recursive: true });
symlinkSync(join(packages, "sdk"), join(installed, "@mcai", "worker-sdk"), "junction");
symlinkSync(join(packages, "sdk-media"), join(installed, "@mcai", "worker-sdk-media"), "junction");
symlinkSync(
  realpathSync(join(packages, "sdk-media", "node_modules", "node-av")),
  join(installed, "node-av"),
  "junction",
);
cpSync(join(import.meta.dirname, "srt"), folder, { recursive: true });
writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));

try {
  const loads = [loadavg()[0]];
  /** @type {(Case & { added: number[], direct: number[] })[]} */
  const results = cases.map((one) => ({ ...one, added: [], direct: [] }));
  for (let round = 0; round < rounds; round++)
    for (const result of results) {
      const { through, direct } = await run(result);
      // Each of the two hops holds data for the latency, and takes as long as the direct hop that runs at the same time.
      const hopMs = quantile(direct, 0.5);
      result.added.push(...through.map((ms) => ms - 2 * hopMs - result.handlerMs));
      result.direct.push(...direct);
      loads.push(loadavg()[0]);
    }
  const rows = results.map(({ name, added, direct }) => ({
    name,
    documents: added.length,
    addedMs: {
      ...{ lower: quantile(added, 0.25), median: quantile(added, 0.5), upper: quantile(added, 0.75) },
      ...{ p99: quantile(added, 0.99), max: Math.max(...added) },
    },
    directMs: { median: quantile(direct, 0.5), p99: quantile(direct, 0.99) },
    limitMs,
  }));
  console.log(JSON.stringify({ latencyMs, rounds, rows, loads }));
  console.error("added by the worker, ms         lower  median   upper     p99     max | direct hop   median    p99");
  for (const { name, addedMs, directMs } of rows) {
    const columns = Object.values(addedMs)
      .map((ms) => ms.toFixed(1).padStart(7))
      .join(" ");
    const hop = [directMs.median, directMs.p99].map((ms) => ms.toFixed(1).padStart(7)).join(" ");
    console.error(`${name.padEnd(30)} ${columns} |             ${hop}  (limit of p99: ${limitMs})`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * @param {Case} options
 * @returns {Promise<{ through: number[], direct: number[] }>}
 */
async function run({ handlerMs, concurrency, documents, gapMs }) {
  const ports = [await freePort(), await freePort(), await freePort()];
  const order = join(folder, "order.json");
  const parameters = [
    { id: "source_path", type: "string", value: `srt://127.0.0.1:${ports[0]}?mode=listener` },
    { id: "destination_path", type: "string", value: `srt://127.0.0.1:${ports[1]}` },
    { id: "handler_ms", type: "integer", value: handlerMs },
    { id: "concurrency", type: "integer", value: concurrency },
  ];
  writeFileSync(order, JSON.stringify({ job_id: 1, parameters }));
  const environment = { PATH: process.env.PATH, UV_THREADPOOL_SIZE: "8" };
  const worker = spawn(process.execPath, ["main.mjs"], {
    cwd: folder,
    env: {
      ...environment,
      SOURCE_ORDERS: order,
      SRT_LATENCY: String(latencyMs),
      MCAI_LOG: "warn",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const ended = new Promise((resolve) => worker.on("close", resolve));
  const numbers = [...ports, latencyMs, documents, gapMs].map(String);
  const sender = spawn(process.execPath, ["sender.mjs", ...numbers], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    return JSON.parse(await text(sender.stdout));
  } finally {
    sender.kill();
    worker.kill();
    await ended;
  }
}

async function freePort() {
  const socket = createSocket("udp4");
  await new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = socket.address();
  await new Promise((resolve) => socket.close(() => resolve(undefined)));
  return port;
}

/**
 * @param {readonly number[]} values
 * @param {number} share
 */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
