import { Type } from "@mcai/worker-sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { defineMediaWorker, ebuTtmlStream } from "../../src/index.ts";
import { startMediaJob } from "../../src/testing.ts";
import { live } from "../support/ebu-ttml-cases.ts";
import { muxPrivateData } from "../support/mpeg-ts.ts";
import { Arrivals, DataSender, freePort } from "../support/srt-peer.ts";

/** Starts a job that waits for its peer to reconnect; collects the numbers of the documents and the damage. */
async function startReader() {
  const port = await freePort();
  const numbers = new Arrivals<number | undefined>();
  const damage: string[] = [];
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    live: { reconnect: true },
    initProcess(format, _, job) {
      job.log.warn = (message) => void (message.includes("damaged in packet") && damage.push(message));
      return {
        streams: [ebuTtmlStream(format.first("ebu-ttml"), {}, ([document]) => numbers.add(document?.sequenceNumber))],
      };
    },
  });
  const job = startMediaJob(worker, { source: `srt://:${port}?latency=20000` });
  onTestFinished(async () => {
    job.stop();
    await job.result;
  });
  return { port, numbers, damage };
}

const text = (inner: string) => `<tt:body><tt:div><tt:p>${inner}</tt:p></tt:div></tt:body>`;

describe("a source whose peer disconnects within a document and reconnects", { timeout: 10_000 }, () => {
  const places: [place: string, inner: string][] = [
    ["a text", "Half of|what is said"],
    ["a tag", '<tt:span xml:id="a|b">x</tt:span>'],
    ["a character", "&am|p;"],
    ["a comment", "<!-- half of| what is meant -->"],
    ["a CDATA section", "<![CDATA[half of| what is said]]>"],
  ];
  const formats = ["data", "mpegts"] as const;
  const cases = places.flatMap(([place, inner]) => formats.map((format) => [place, format, inner] as const));

  it.each(cases)("loses only that document: in %s, %s", async (_, format, inner) => {
    const { port, numbers, damage } = await startReader();
    const tables = format === "data" ? Buffer.alloc(0) : muxPrivateData([]);
    const bytesOf = (document: string) =>
      format === "data"
        ? Buffer.from(document)
        : muxPrivateData([{ data: Buffer.from(document), pts: 90_000 }]).subarray(tables.length);
    const first = await DataSender.open(port, "data");
    // FFmpeg wants to see some packets of MPEG-TS before it believes in it.
    await first.send(Buffer.concat([tables, bytesOf(live({ number: 1, body: text("x".repeat(1000)) }))]));
    await numbers.reach(1);
    // In one message, so that what there is of the third document came with the second one.
    await first.send(Buffer.concat([bytesOf(live({ number: 2 })), halfOf(inner, format, bytesOf)]));
    await numbers.reach(2);
    await first.close();
    const second = await DataSender.open(port, "data");
    for (const number of [4, 5, 6])
      await second.send(Buffer.concat([number === 4 ? tables : Buffer.alloc(0), bytesOf(live({ number }))]));
    await numbers.reach(5);
    await second.close();
    expect(numbers.all).toEqual([1, 2, 4, 5, 6]);
    expect(damage).toHaveLength(1);
  });
});

// A packet of MPEG-TS has 184 bytes of payload; the first ones are the PES header.
const [packetBytes, headerBytes] = [184, 14];

/** Returns the third document up to the `|`, which is placed at the end of a packet. */
function halfOf(inner: string, format: "data" | "mpegts", bytesOf: (document: string) => Buffer): Buffer {
  const begin = live({ number: 3, body: text("|") }).split("|")[0] as string;
  const [before = "", after = ""] = inner.split("|");
  const missing = packetBytes - ((headerBytes + begin.length + before.length) % packetBytes);
  const padding = " ".repeat(missing);
  const whole = live({ number: 3, body: text(`${padding}${before}${after}${" ".repeat(400)}`) });
  const count = begin.length + padding.length + before.length;
  if (format === "data") return bytesOf(whole).subarray(0, count);
  return bytesOf(whole).subarray(0, (188 * (headerBytes + count)) / packetBytes);
}
