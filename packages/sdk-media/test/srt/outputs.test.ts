import { Type } from "@mcai/worker-sdk";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { Framer, parseDocument, write } from "../../src/ebu-ttml.ts";
import { dataStream, defineMediaWorker, type LiveOptions, type MediaJob } from "../../src/index.ts";
import type { Outputs } from "../../src/output/outputs.ts";
import { startMediaJob } from "../../src/testing.ts";
import { CueFramer } from "../../src/text/cues/cue-framer.ts";
import { live } from "../support/ebu-ttml-cases.ts";
import { Arrivals, DataSender, FFmpegPeer, freePort, SrtReceiver } from "../support/srt-peer.ts";

afterEach(() => void vi.unstubAllEnvs());

/** Starts a job with an SRT source that a peer has connected to; `handle` gets each message. */
async function startWriter(handle: (text: string, job: MediaJob) => unknown, options: LiveOptions = {}) {
  const port = await freePort();
  const handled = new Arrivals<string>();
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    live: options,
    initProcess: (format, _, job) => ({
      streams: [
        dataStream(format.first("data"), {}, async ([packet]) => {
          const text = Buffer.from(packet?.data ?? []).toString();
          await handle(text, job);
          handled.add(text);
        }),
      ],
    }),
  });
  const job = startMediaJob(worker, { source: `srt://:${port}` });
  const sender = await DataSender.open(port, "data");
  onTestFinished(async () => {
    job.stop();
    await job.result;
    await sender.close();
  });
  return { job, sender, handled };
}

describe("an SRT output", { timeout: 30_000 }, () => {
  it.each([
    ["connects", "127.0.0.1", "mode=listener"],
    ["listens", "", "mode=caller"],
  ])("that %s sends each message immediately", async (_, host, query) => {
    const port = await freePort();
    const { job, sender, handled } = await startWriter((text, { output }) =>
      output.srt(`srt://${host}:${port}`).write(text),
    );
    const sent = ["<a>é</a>", "<b>日本</b>", "x".repeat(1316), "<last/>"];
    await sender.send(sent[0] ?? "");
    const receiver = await SrtReceiver.open(port, query);
    expect(await receiver.readOne()).toBe(sent[0]);
    for (const text of sent.slice(1, -1)) {
      await sender.send(text);
      expect(await receiver.readOne()).toBe(text);
    }
    // Data that was handed over arrives even if the job is stopped immediately.
    await sender.send("<last/>");
    await handled.reach(sent.length);
    // A receiver that does not read loses its buffer when its peer disconnects.
    const last = receiver.readOne();
    job.stop();
    await job.result;
    expect(await last).toBe("<last/>");
    await receiver.close();
  });

  it("sends the data that was written just before the source ended", async () => {
    const port = await freePort();
    const { job, sender, handled } = await startWriter((text, { output }) =>
      output.srt(`srt://127.0.0.1:${port}`).write(`[${text}]${"y".repeat(10_000)}!`),
    );
    const receiver = FFmpegPeer.receive(port);
    await sender.send("<last/>");
    await handled.reach(1);
    await sender.close();
    expect(await job.result).toMatchObject({ status: "completed" });
    await receiver.ended;
    expect(receiver.received).toBe(`[<last/>]${"y".repeat(10_000)}!`);
  });

  const cue = (number: number) => ({ startMs: number * 1000, endMs: number * 1000 + 500, text: `${number} & more` });
  const documentOf = (number: number) => parseDocument(live({ number }));

  it.each<[name: string, write: (output: Outputs, address: string, number: number) => unknown, messages: string[]]>([
    [
      "webvtt",
      (output, address, number) => output.webvtt(address).write(cue(number)),
      [
        "WEBVTT\n\n00:00:01.000 --> 00:00:01.500\n1 &amp; more\n\n",
        "00:00:02.000 --> 00:00:02.500\n2 &amp; more\n\n",
        "WEBVTT\n\n00:00:03.000 --> 00:00:03.500\n3 &amp; more\n\n",
      ],
    ],
    [
      "subrip",
      (output, address, number) => output.subrip(address).write(cue(number)),
      [1, 2, 3].map((number) => `${number}\n00:00:0${number},000 --> 00:00:0${number},500\n${number} & more\n\n`),
    ],
    [
      "ebuTtml",
      (output, address, number) => output.ebuTtml(address).write(documentOf(number)),
      [1, 2, 3].map((number) => write(documentOf(number))),
    ],
    [
      "xml",
      (output, address, number) => output.xml(address).write(`<a n="${number}"/>\n`),
      ['<a n="1"/>', '<a n="2"/>', '<a n="3"/>'],
    ],
    [
      "json",
      (output, address, number) => output.json(address).write({ number }),
      ['{"number":1}', '{"number":2}', '{"number":3}'],
    ],
  ])(
    "of %s sends each value immediately as one message, and the beginning of the format to each peer",
    async (_, write, messages) => {
      vi.stubEnv("SRT_LATENCY", "50");
      const port = await freePort();
      const address = `srt://127.0.0.1:${port}`;
      const { job, sender } = await startWriter((number, { output }) => write(output, address, Number(number)), {
        reconnect: true,
      });
      await sender.send("1");
      const first = await SrtReceiver.open(port);
      expect(await first.readOne()).toBe(messages[0]);
      await sender.send("2");
      expect(await first.readOne()).toBe(messages[1]);
      await first.close();
      // The job learns of the disconnection meanwhile; the next value has no peer.
      await new Promise((resolve) => setTimeout(resolve, 300));
      await sender.send("3");
      const second = await SrtReceiver.open(port);
      expect(await second.readOne()).toBe(messages[2]);
      job.stop();
      await job.result;
      await second.close();
    },
  );

  it.each(["webvtt", "subrip"] as const)(
    "of %s can be read by ffmpeg, and delivers each cue to our reader immediately",
    async (kind) => {
      vi.stubEnv("SRT_LATENCY", "50");
      const [port, ownPort] = [await freePort(), await freePort()];
      const { job, sender, handled } = await startWriter(async (number, { output }) => {
        await output[kind](`srt://127.0.0.1:${port}`).write(cue(Number(number)));
        await output[kind](`srt://127.0.0.1:${ownPort}`).write(cue(Number(number)));
      });
      const ffmpeg = FFmpegPeer.receiveSubtitles(port, kind === "webvtt" ? "webvtt" : "srt");
      await sender.send("1");
      const own = await SrtReceiver.open(ownPort);
      const framer = new CueFramer(kind);
      for (const number of [1, 2, 3]) {
        if (number > 1) await sender.send(`${number}`);
        const packet = { data: await own.readBytes(), index: 0, pts: undefined, timeMs: undefined, durationMs: 0 };
        expect(framer.push(packet)).toMatchObject([{ kind: "item", item: cue(number) }]);
      }
      await handled.reach(3);
      await sender.close();
      expect(await job.result).toMatchObject({ status: "completed" });
      await own.close();
      await ffmpeg.ended;
      const shown = [1, 2, 3].map((n) => `${n}\n00:00:0${n},000 --> 00:00:0${n},500\n${n} & more\n`).join("\n");
      expect(ffmpeg.received.trim()).toBe(shown.trim());
    },
  );

  it("fails the job when its peer disconnects", async () => {
    const port = await freePort();
    const { job, sender } = await startWriter((text, { output }) => output.srt(`srt://127.0.0.1:${port}`).write(text));
    await sender.send("<a/>");
    const receiver = await SrtReceiver.open(port);
    await receiver.readOne();
    await receiver.close();
    let hasEnded = false;
    const ended = job.result.then((outcome) => {
      hasEnded = true;
      return outcome;
    });
    while (!hasEnded) {
      await sender.send("<b/>");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await ended).toMatchObject({
      status: "error",
      message: expect.stringMatching(/^srt:\/\/127\.0\.0\.1:\d+: peer disconnected: /),
    });
  });

  it("waits for its peer with reconnect, and sends again what was not handed over", async () => {
    const port = await freePort();
    const { sender } = await startWriter((text, { output }) => output.srt(`srt://127.0.0.1:${port}`).write(text), {
      reconnect: true,
    });
    await sender.send("<1/>");
    const first = await SrtReceiver.open(port);
    expect(await first.readOne()).toBe("<1/>");
    await first.close();
    // The job learns of the disconnection meanwhile; the next message has no peer.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await sender.send("<2/>");
    await sender.send("<3/>");
    const second = await SrtReceiver.open(port);
    expect(await second.readOne()).toBe("<2/>");
    expect(await second.readOne()).toBe("<3/>");
    await second.close();
  });

  it.each([
    ["connects", "127.0.0.1", "mode=listener"],
    ["listens", "", "mode=caller"],
  ])(
    "that %s sends the whole document to the next peer if the first one disconnects within it",
    async (_, host, query) => {
      const port = await freePort();
      // More than the buffers of both sides can hold.
      const text = "What is said. ".repeat(60_000);
      const documentOf = (number: number) =>
        parseDocument(live({ number, body: `<tt:body><tt:div><tt:p>${text}</tt:p></tt:div></tt:body>` }));
      const { sender, handled } = await startWriter(
        (number, { output }) => output.ebuTtml(`srt://${host}:${port}?sndbuf=200000`).write(documentOf(Number(number))),
        { reconnect: true },
      );
      for (const number of [1, 2, 3]) await sender.send(`${number}`);
      const first = await SrtReceiver.open(port, `${query}&rcvbuf=200000`);
      expect(await first.readOne()).toMatch(/^<\?xml/);
      expect(handled.all).toEqual([]);
      await first.close();
      const second = await SrtReceiver.open(port, query);
      const framer = new Framer();
      const numbers: (number | undefined)[] = [];
      while (numbers.length < 3)
        for (const item of framer.push(await second.readBytes()))
          numbers.push(item.kind === "document" ? item.document.sequenceNumber : undefined);
      expect(numbers).toEqual([1, 2, 3]);
      await second.close();
    },
  );

  it.each([
    ["listens", ""],
    ["connects", "127.0.0.1"],
  ])("that %s fails the job if no peer connects within the timeout", async (_, host) => {
    vi.stubEnv("SRT_TIMEOUT_LIMIT", "1500");
    const { job, sender } = await startWriter(async (text, { output }) => {
      await output.srt(`srt://${host}:${await freePort()}`).write(text);
    });
    await sender.send("<a/>");
    expect(await job.result).toMatchObject({
      status: "error",
      message: expect.stringMatching(
        /^srt:\/\/.*: no peer connected within 1500 ms \(SRT_TIMEOUT_LIMIT\) \[OUTPUT_FAILED\]$/,
      ),
    });
  });

  it("rejects a path that is not an SRT address", async () => {
    const { job, sender } = await startWriter((_, { output }) => output.srt("/tmp/a").write("a"));
    await sender.send("<a/>");
    expect((await job.result).message).toMatch(/^\/tmp\/a: expected srt:\/\/host:port to call, or srt:\/\/:port/);
  });
});

describe("a job that is stopped", { timeout: 30_000 }, () => {
  it.each([
    ["listens", ""],
    ["connects", "127.0.0.1"],
  ])("while its output %s ends within 200 ms", async (_, host) => {
    const port = await freePort();
    const begun = new Arrivals<string>();
    const { job, sender } = await startWriter((text, { output }) => {
      begun.add(text);
      return output.srt(`srt://${host}:${port}`).write(text);
    });
    await sender.send("<a/>");
    await begun.reach(1);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const stoppedMs = performance.now();
    job.stop();
    expect((await job.result).status).toBe("stopped");
    expect(performance.now() - stoppedMs).toBeLessThan(200);
  });

  it("while the peer of its output reads nothing ends within 200 ms", async () => {
    const port = await freePort();
    const { job, sender } = await startWriter(async (_, { output }) => {
      const out = output.srt(`srt://127.0.0.1:${port}?sndbuf=200000`);
      for (;;) {
        await out.write(Buffer.alloc(100_000));
        written.add(100_000);
      }
    });
    const written = new Arrivals<number>();
    await sender.send("<a/>");
    const receiver = await SrtReceiver.open(port, "mode=listener&rcvbuf=200000");
    // Waits until the buffers of both sides are full.
    for (let before = -1; before < written.all.length; ) {
      before = written.all.length;
      await new Promise((resolve) => setTimeout(resolve, 700));
    }
    expect(written.all.length).toBeLessThan(100);
    const stoppedMs = performance.now();
    job.stop();
    expect((await job.result).status).toBe("stopped");
    expect(performance.now() - stoppedMs).toBeLessThan(200);
    await receiver.close();
  });
});
