// Sends documents through a worker and, each at the same moment, straight to itself; prints how long each took.
// Usage: node sender.mjs worker-port back-port direct-port latency-ms documents gap-ms; bench/srt.mjs starts it.
import { setTimeout as delay } from "node:timers/promises";
import { call, listen } from "./peer.mjs";

const [workerPort = 0, backPort = 0, directPort = 0, latencyMs = 0, documents = 0, gapMs = 0] = process.argv
  .slice(2)
  .map(Number);
/** @type {number[]} */
const sentMs = [];
const through = [0]; // the numbers of a sequence begin with 1
const direct = [0];
/** @type {(times: number[]) => (text: string) => void} */
const note = (times) => (text) => {
  const number = Number(/sequenceNumber="(\d+)"/.exec(text)?.[1]);
  if (number !== times.length) throw new Error(`after ${times.length - 1} came ${number}: ${text}`);
  times[number] = performance.now() - (sentMs[number] ?? Number.NaN);
};

const backListening = listen(backPort, latencyMs, note(through));
const directListening = listen(directPort, latencyMs, note(direct));
const sendDirect = await call(directPort, latencyMs);
await directListening;
const sendToWorker = await call(workerPort, latencyMs);
for (let n = 1; n <= documents; n++) {
  const bytes = Buffer.from(documentOf(n));
  sentMs[n] = performance.now();
  await Promise.all([sendToWorker(bytes), sendDirect(bytes)]);
  if (n === 1) await backListening;
  await delay(gapMs);
}
const limit = Date.now() + 10_000;
while (through.length <= documents && Date.now() < limit) await delay(20);
if (through.length <= documents) throw new Error(`of ${documents} documents came back ${through.length - 1}`);
// The first one waited for the connections.
console.log(JSON.stringify({ through: through.slice(2), direct: direct.slice(2) }));
for (const listening of [backListening, directListening]) await (await listening)();
process.exit(0);

/** @param {number} number */
function documentOf(number) {
  return `<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:ebuttp="urn:ebu:tt:parameters" xml:lang="en" ttp:timeBase="media" ebuttp:sequenceIdentifier="bench" ebuttp:sequenceNumber="${number}"><head><styling><style xml:id="s"/></styling><layout><region xml:id="r"/></layout></head><body><div><p xml:id="p" region="r" style="s"><span begin="00:00:01" end="00:00:03">${"x".repeat(600)}</span></p></div></body></tt>`;
}
