import { copyFile, readFile, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { job, LocalRun, openWorkersFolder, writeOrders } from "../../sdk/test/support/run-local.ts";
import { Framer } from "../src/ebu-ttml.ts";
import { live } from "./support/ebu-ttml-cases.ts";
import { DataSender, freePort, SrtReceiver } from "./support/srt-peer.ts";

// Half an hour of a live source: 5 documents a second of 1.5 kB are 9,000, about 13 MB.
const [documentCount, documentMs] = [9000, 200];
const firstMs = 10 * 3_600_000;

const timeOf = (i: number) => new Date(firstMs + i * documentMs).toISOString().slice(11, 23);
const styles = Array.from({ length: 6 }, (_, i) => {
  const style = 'tts:backgroundColor="#000000cc" tts:fontFamily="sansSerif" tts:fontSize="100%"';
  return `<tt:style xml:id="speaker-${i}" tts:color="#ffff0${i}" ${style}/>`;
}).join("");
const region = '<tt:region xml:id="bottom" tts:origin="10% 80%" tts:extent="80% 15%" tts:displayAlign="after"/>';
const head = `<tt:head><tt:styling>${styles}</tt:styling><tt:layout>${region}</tt:layout></tt:head>`;

function documentOf(i: number): string {
  const span = `<tt:span style="speaker-${i % 6}">Line ${i}</tt:span>`;
  const p = `<tt:p xml:id="p${i}" region="bottom" begin="${timeOf(i)}" end="${timeOf(i + 1)}">${span}</tt:p>`;
  const base = 'ttp:timeBase="clock" ttp:clockMode="local"';
  return live({ number: i + 1, base, head, body: `<tt:body><tt:div>${p}</tt:div></tt:body>` });
}

const folder = await openWorkersFolder();
afterAll(() => folder.remove());
const packageFolder = join(import.meta.dirname, "..");
await symlink(packageFolder, join(folder.path, "node_modules", "@mcai", "worker-sdk-media"), "junction");
await copyFile(
  join(import.meta.dirname, "support", "workers", "live-subtitles.mjs"),
  join(folder.path, "live-subtitles.mjs"),
);

/** Starts a worker that waits for its peers, and pauses once after 3,000 documents. */
async function startWorker(pauseMs: number) {
  const [inputPort, outputPort] = [await freePort(), await freePort()];
  const cuesPath = join(folder.path, `${pauseMs}.vtt`);
  const order = job(1, {
    source_path: `srt://:${inputPort}`,
    destination_path: `srt://127.0.0.1:${outputPort}`,
    cues_path: cuesPath,
    pause_after: 3000,
    pause_ms: pauseMs,
  });
  const env = { SOURCE_ORDERS: await writeOrders(folder, [order]) };
  const run = new LocalRun(folder, { worker: "./live-subtitles.mjs", env });
  await run.waitFor(/listening for the peer/);
  return { run, inputPort, outputPort, cuesPath };
}

// Both are started before this process uses SRT, because it must not start processes after that (srt-peer.ts).
const workers = { steady: await startWorker(0), pausing: await startWorker(4000) };
afterAll(() => {
  for (const { run } of Object.values(workers)) run.signal("SIGKILL");
});

/** Sends all documents as fast as SRT takes them, and returns the output of the job and its memory use. */
async function runHalfAnHour({ run, inputPort, outputPort, cuesPath }: Awaited<ReturnType<typeof startWorker>>) {
  const sender = await DataSender.open(inputPort, "data");
  const send = async () => {
    for (let i = 0; i < documentCount; i++) await sender.send(documentOf(i));
  };
  const sending = send();
  const taker = await SrtReceiver.open(outputPort);
  const framer = new Framer();
  const numbers: (number | undefined)[] = [];
  while (numbers.length < documentCount)
    for (const item of framer.push(await taker.readBytes()))
      numbers.push(item.kind === "document" ? item.document.sequenceNumber : undefined);
  await sending;
  await sender.close();
  const ended = await run.end();
  await taker.close();
  const results = ended.responses("Completed")[0]?.parameters ?? [];
  const sizesOf = (id: string) => results.find((result) => result.id === id)?.value as readonly number[];
  return { numbers, cues: await readFile(cuesPath, "utf8"), heapMb: sizesOf("heap_mb"), rssMb: sizesOf("rss_mb") };
}

it.each([
  ["with a steady handler", "steady", 30],
  ["with a handler that pauses for some seconds", "pausing", 45],
] as const)(
  "half an hour of live documents, sent at once %s, arrives complete and in order, with constant memory",
  {
    timeout: 120_000,
  },
  async (_, worker, maxRssGrowthMb) => {
    const { numbers, cues, heapMb, rssMb } = await runHalfAnHour(workers[worker]);
    const shown = (sizes: readonly number[]) => sizes.map((mb) => mb.toFixed(0)).join(" ");
    console.log(`heap in MB, every 300 documents: ${shown(heapMb)}\nresident set: ${shown(rssMb)}`);
    expect(numbers).toEqual(Array.from({ length: documentCount }, (_, i) => i + 1));
    const lines = Array.from(numbers, (_, i) => `${timeOf(i)} --> ${timeOf(i + 1)}\nLine ${i}\n`);
    expect(cues).toBe(`WEBVTT\n\n${lines.join("\n")}`);
    // From the last measurement before the pause.
    const growth = (sizes: readonly number[]) => sizes.slice(9).map((mb) => mb - (sizes[8] as number));
    const [heapGrowthMb, rssGrowthMb] = [growth(heapMb), growth(rssMb)];
    expect(heapGrowthMb).toHaveLength(documentCount / 300 - 9);
    // 48 MiB of documents may be read ahead; the rest stays in the buffers of SRT, and then with the sender.
    expect(Math.max(...heapGrowthMb)).toBeLessThan(64);
    expect(heapGrowthMb.at(-1)).toBeLessThan(2);
    // V8 and the allocators take about 15 MB in one step at some time, and do not release all memory of the documents read ahead.
    expect(rssGrowthMb.at(-1)).toBeLessThan(maxRssGrowthMb);
  },
);
