import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { paragraphs, parse, textOf } from "@mcai/worker-sdk-media/ebu-ttml";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import { useVirtualHost } from "../../../packages/sdk/test/support/broker.ts";
import { startWorker } from "../../../packages/sdk/test/support/broker-worker.ts";
import { LocalRun, openWorkersFolder } from "../../../packages/sdk/test/support/run-local.ts";
import { FFmpegPeer, freePort } from "../../../packages/sdk-media/test/support/srt-peer.ts";
import { documentOf, splitDocuments } from "./documents.ts";

const urlOf = (path: string) => new URL(path, import.meta.url);
const textIn = (path: string) => readFile(urlOf(path), "utf8");
const virtualHost = useVirtualHost();
const folder = await openWorkersFolder();
afterAll(() => folder.remove());

const parameter = (id: string, value: string) => ({ id, type: "string", value });
const shown = (text: string, times = "") => `<tt:body ${times}><tt:div><tt:p>${text}</tt:p></tt:div></tt:body>`;

/** Parses what a peer received, strictly, in order of arrival. */
function documentsOf(xml: string) {
  return splitDocuments(xml).map((text) => {
    const item = parse(text, { mode: "strict" });
    if (item.kind !== "document") throw new Error(`expected documents, got: ${text}`);
    const { sequenceIdentifier, sequenceNumber, language } = item;
    return [sequenceIdentifier, sequenceNumber, language, [...paragraphs(item)].map(textOf).join("\n")];
  });
}

/** Reads the cues of a WebVTT file with the ffmpeg command. */
async function readCues(path: string) {
  const { stdout } = await promisify(execFile)("ffmpeg", ["-v", "error", "-i", path, "-f", "srt", "-"]);
  return stdout
    .replaceAll("\r", "")
    .trim()
    .split("\n\n")
    .map((cue) => {
      const [, times = "", ...lines] = cue.split("\n");
      const [begin = "", end = ""] = times.split(" --> ");
      return { begin, end, text: lines.join("\n") };
    });
}

describe("live subtitles between two ffmpeg commands over SRT", { timeout: 60_000 }, () => {
  it("are rewritten in the language that the orders of a backend name", async () => {
    const [inputPort, outputPort] = [await freePort(), await freePort()];
    const receiver = FFmpegPeer.receive(outputPort);
    const { wire, run, close } = await startWorker(folder, virtualHost(), { worker: urlOf("../dist/worker.js").href });
    const order = (type: string, ...parameters: object[]) => wire.sendDirect({ type, job_id: 7, parameters });
    const webvttPath = join(folder.path, "orders.vtt");
    try {
      await order(
        "init_process",
        parameter("source_path", `srt://:${inputPort}`),
        parameter("destination_path", `srt://127.0.0.1:${outputPort}`),
        parameter("webvtt_path", webvttPath),
      );
      await run.waitFor(/listening for the peer/);
      const sender = FFmpegPeer.pipe(inputPort);
      sender.write(documentOf(3, shown("iyi günler", `begin="10s"`)));
      await wire.next("worker_initialized", 7);
      await order("start_process");
      await wire.next("worker_started", 7);
      await receiver.waitFor("</tt:tt>", 1);
      sender.write(documentOf(4, shown("ılık bir gün")));
      await receiver.waitFor("</tt:tt>", 2);

      await order("update_process", parameter("language", "tr"));
      await wire.next("worker_updated", 7);
      sender.write(documentOf(5, shown("iyi günler")));
      await receiver.waitFor("</tt:tt>", 3);
      // A document without content ends the previous one.
      sender.write(documentOf(8));
      await receiver.waitFor("</tt:tt>", 4);

      await order("stop_process");
      const { body } = await wire.next("job_stopped", 7);
      expect(body).toMatchObject({
        destination_paths: [`srt://127.0.0.1:${outputPort}`, webvttPath],
        parameters: [
          { id: "documents", type: "integer", value: 4 },
          { id: "cues", type: "integer", value: 3 },
        ],
      });
      await receiver.ended;
    } finally {
      await close();
    }
    expect(documentsOf(receiver.received)).toEqual([
      ["demo-upper", 3, "en", "IYI GÜNLER"],
      ["demo-upper", 4, "en", "ILIK BIR GÜN"],
      ["demo-upper", 5, "tr", "İYİ GÜNLER"],
      ["demo-upper", 8, "tr", ""],
    ]);
    const cues = await readCues(webvttPath);
    expect(cues.map(({ text }) => text)).toEqual(["IYI GÜNLER", "ILIK BIR GÜN", "İYİ GÜNLER"]);
    // The first document has a begin, the others begin when they arrive.
    expect(cues[0]?.begin).toBe("00:00:10,000");
    expect(cues.slice(1).map(({ begin }) => begin)).toEqual(cues.slice(0, -1).map(({ end }) => end));
    const file = await readFile(webvttPath, "utf8");
    expect(file).toMatch(/^WEBVTT\n\n00:00:10\.000 --> /);
    for (const { begin, end, text } of cues)
      expect(file).toContain(`\n${begin.replace(",", ".")} --> ${end.replace(",", ".")}\n${text}\n`);
  });

  it("are what the README shows, written by a separate process", async () => {
    const [inputPort, outputPort] = [await freePort(), await freePort()];
    const receiver = FFmpegPeer.receive(outputPort);
    const webvttPath = join(folder.path, "subtitles.vtt");
    const run = new LocalRun(folder, {
      main: fileURLToPath(urlOf("../dist/main.js")),
      env: {
        SOURCE_ORDERS: fileURLToPath(urlOf("../message.json")),
        SOURCE_PATH: `srt://:${inputPort}`,
        DESTINATION_PATH: `srt://127.0.0.1:${outputPort}`,
        WEBVTT_PATH: webvttPath,
      },
    });
    onTestFinished(async () => {
      run.signal("SIGKILL");
      await run.end();
    });
    await run.waitFor(/listening for the peer/);
    const sender = FFmpegPeer.pipe(inputPort);
    sender.write(await textIn("../media/documents.xml"));
    await receiver.waitFor("</tt:tt>", 3);
    await sender.end();
    const ended = await run.end();
    expect(ended.exitCode).toBe(0);
    expect(ended.responses("Completed")).toMatchObject([
      { destination_paths: [`srt://127.0.0.1:${outputPort}`, webvttPath], parameters: [{ value: 3 }, { value: 4 }] },
    ]);
    await receiver.ended;
    expect(documentsOf(receiver.received)).toEqual([
      ["demo-upper", 1, "tr", "İSTANBUL'DA İKİ KİŞİ."],
      ["demo-upper", 2, "tr", "– NASILSINIZ?\n– İYİYİM."],
      ["demo-upper", 3, "tr", "DİYARBAKIR'DAN\nSİMİT & ÇAY."],
    ]);
    const file = await readFile(webvttPath, "utf8");
    expect(await textIn("../README.md")).toContain(`\n${file}`);
    expect(await readCues(webvttPath)).toEqual([
      { begin: "00:00:01,000", end: "00:00:02,500", text: "İSTANBUL'DA İKİ KİŞİ." },
      { begin: "00:00:03,000", end: "00:00:05,000", text: "– NASILSINIZ?\n– İYİYİM." },
      { begin: "00:00:05,000", end: "00:00:06,000", text: "DİYARBAKIR'DAN" },
      { begin: "00:00:06,000", end: "00:00:07,000", text: "SİMİT & ÇAY." },
    ]);
  });
});
