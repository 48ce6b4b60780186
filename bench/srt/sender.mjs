// Sends documents through a worker and, each at the same moment, straight to itself; prints how long each took.
// Usage: node sender.mjs worker-port back-port direct-port latency-ms documents gap-ms; bench/srt.mjs starts it.
import { setTimeout as delay } from "node:timers/promises";
import { call, listen } from "./peer.mjs";

const [workerPort, backPort, directPort, latencyMs, documents, gapMs] = process.argv.slice(2).map(Number);
const sentMs = [];
const through = [];
const direct = [];
const note = (times) => (text) => {
  const number = Number(/^<tt n="(\d+)"/.exec(text)?.[1]);
  times[number] = performance.now() - sentMs[number];
};

const backListening = listen(backPort, latencyMs, note(through));
const directListening = listen(directPort, latencyMs, note(direct));
const sendDirect = await call(directPort, latencyMs);
await directListening;
const sendToWorker = await call(workerPort, latencyMs);
for (let n = 0; n < documents; n++) {
  const bytes = Buffer.from(`<tt n="${n}">`.padEnd(1200, "x"));
  sentMs[n] = performance.now();
  await Promise.all([sendToWorker(bytes), sendDirect(bytes)]);
  if (n === 0) await backListening;
  await delay(gapMs);
}
const limit = Date.now() + 10_000;
while (through.filter(Boolean).length < documents && Date.now() < limit) await delay(20);
if (through.filter(Boolean).length < documents)
  throw new Error(`of ${documents} documents came back ${through.filter(Boolean).length}: ${Object.keys(through)}`);
// The first one waited for the connections.
console.log(JSON.stringify({ through: through.slice(1), direct: direct.slice(1) }));
for (const listening of [backListening, directListening]) await (await listening)();
process.exit(0);
