import { Type } from "@mcai/worker-sdk";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { dataStream, defineMediaWorker, type LiveOptions, videoStream } from "../../src/index.ts";
import { readSrtAddress } from "../../src/srt/srt-address.ts";
import { readSrtSettings } from "../../src/srt/srt-settings.ts";
import { startMediaJob } from "../../src/testing.ts";
import { media, runStreams } from "../support/media.ts";
import { Arrivals, DataSender, FFmpegPeer, freePort } from "../support/srt-peer.ts";

// Made before this process uses SRT, because it must not start processes after that (srt-peer.ts).
const clip = await media("h264.mp4");

afterEach(() => void vi.unstubAllEnvs());

interface Piece {
  readonly text: string;
  readonly timeMs: number | undefined;
}

/** Starts a job that collects the packets of the data stream of a source. */
function startReader(source: string, live: LiveOptions = {}, handle: () => unknown = () => undefined) {
  const pieces = new Arrivals<Piece>();
  const formats = new Arrivals<string>();
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    live,
    initProcess(format) {
      formats.add(format.streams.map(({ kind, codec }) => `${kind} ${codec}`).join());
      return {
        streams: [
          dataStream(format.first("data"), {}, async ([packet]) => {
            pieces.add({ text: Buffer.from(packet?.data ?? []).toString(), timeMs: packet?.timeMs });
            await handle();
          }),
        ],
      };
    },
  });
  const job = startMediaJob(worker, { source });
  // Stops the job of a failed test, so that its threads do not affect the next one.
  onTestFinished(() => {
    job.stop();
    return job.result.then(() => undefined);
  });
  return { job, pieces, formats };
}

const textOf = (pieces: Arrivals<Piece>) => pieces.all.map(({ text }) => text).join("");

describe("an SRT source", { timeout: 30_000 }, () => {
  it("that listens decodes MPEG-TS from a caller until it disconnects", async () => {
    const port = await freePort();
    const media = "-f lavfi -i testsrc2=size=160x90:rate=25:duration=2 -f lavfi -i sine=d=2";
    FFmpegPeer.send(`-re ${media} -c:v libx264 -preset ultrafast -g 12 -c:a aac -f mpegts`, port);
    const timesMs: number[] = [];
    const outcome = await runStreams(`srt://:${port}`, (format) => {
      expect(format.formatName).toBe("mpegts");
      return [videoStream(format.first("video"), {}, ([frame]) => void timesMs.push(Math.round(frame?.timeMs ?? -1)))];
    });
    expect(outcome).toMatchObject({ status: "completed" });
    // Any receiver loses the last half second, because it discards its latency buffer.
    expect(timesMs.length).toBeGreaterThan(30);
    const [first = 0] = timesMs;
    expect(timesMs).toEqual(timesMs.map((_, i) => first + i * 40));
    expect(first).toBeLessThan(100);
  });

  it("ends after a timeout if its peer was killed", async () => {
    const port = await freePort();
    const media = "-re -f lavfi -i testsrc2=size=160x90:rate=25:duration=60";
    const sender = FFmpegPeer.send(`${media} -c:v libx264 -preset ultrafast -g 12 -f mpegts`, port);
    const frames = new Arrivals<number>();
    const job = runStreams(`srt://:${port}`, (format) => [
      videoStream(format.first("video"), {}, ([frame]) => frames.add(frame?.timeMs ?? -1)),
    ]);
    await frames.reach(10);
    await sender.kill();
    expect(await job).toMatchObject({ status: "completed" });
  });

  it("that calls retries until there is a listener", async () => {
    const port = await freePort();
    const { job, pieces } = startReader(`srt://127.0.0.1:${port}`);
    const sender = await DataSender.open(port, "data", "mode=listener");
    await sender.send("<a/>");
    await pieces.reach(1);
    job.stop();
    expect((await job.result).status).toBe("stopped");
    await sender.close();
    expect(textOf(pieces)).toBe("<a/>");
  });

  it("without a container is one data stream, and delivers each message immediately", async () => {
    const port = await freePort();
    const { job, pieces, formats } = startReader(`srt://0.0.0.0:${port}`);
    const sender = await DataSender.open(port, "data");
    for (const [i, text] of ["<tt>é</tt>", "<tt>日本</tt>", "<tt>😀</tt>"].entries()) {
      await sender.send(text);
      const all = await pieces.reach(i + 1);
      expect(all[i]).toEqual({ text, timeMs: undefined });
    }
    expect(formats.all).toEqual(["data none"]);
    await sender.close();
    expect((await job.result).status).toBe("completed");
  });

  it("in MPEG-TS delivers the documents of a data stream one by one with their times", async () => {
    const port = await freePort();
    const { job, pieces, formats } = startReader(`srt://:${port}`);
    const sender = await DataSender.open(port, "mpegts");
    for (let i = 0; i < 4; i++) {
      await sender.send(`<doc>${i}${"x".repeat(1500)}</doc>`);
      expect((await pieces.reach(i + 1))[i]).toMatchObject({ text: expect.stringMatching(`^<doc>${i}x`) });
    }
    await sender.close();
    expect((await job.result).status).toBe("completed");
    expect(formats.all).toEqual(["data bin_data"]);
    expect(pieces.all.map(({ timeMs }) => timeMs)).toEqual([0, 300, 600, 900]);
  });

  it("is encrypted with a passphrase, which no message contains", async () => {
    const port = await freePort();
    const { job, pieces } = startReader(`srt://:${port}?passphrase=0123456789abc`);
    const sender = await DataSender.open(port, "data", "mode=caller&passphrase=0123456789abc");
    await sender.send("<a/>");
    await pieces.reach(1);
    job.stop();
    await job.result;
    await sender.close();
    vi.stubEnv("SRT_TIMEOUT_LIMIT", "800");
    const { message } = await startReader(`srt://127.0.0.1:${port}?passphrase=0123456789abc`).job.result;
    expect(message).toMatch(/srt:.*passphrase=\[redacted\]: no peer connected within 800 ms \(SRT_TIMEOUT_LIMIT\)/);
    expect(message).not.toContain("0123456789abc");
  });

  it("continues after its peer reconnects, with reconnect", async () => {
    const port = await freePort();
    const { job, pieces } = startReader(`srt://:${port}`, { reconnect: true });
    for (const text of ["<first/>", "<second/>", "<third/>"]) {
      const sender = await DataSender.open(port, "data");
      await sender.send(text);
      await pieces.reach(pieces.all.length + 1);
      await sender.close();
    }
    expect(textOf(pieces)).toBe("<first/><second/><third/>");
    job.stop();
    expect((await job.result).status).toBe("stopped");
  });

  it("ends the job if its peer does not reconnect within the timeout", async () => {
    vi.stubEnv("SRT_TIMEOUT_LIMIT", "2000");
    const port = await freePort();
    const { job, pieces } = startReader(`srt://:${port}`, { reconnect: true });
    const sender = await DataSender.open(port, "data");
    await sender.send("<a/>");
    await pieces.reach(1);
    await sender.close();
    expect((await job.result).status).toBe("completed");
  });

  it("that is faster than its handler waits, and loses no message", async () => {
    const port = await freePort();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { job, pieces } = startReader(`srt://:${port}`, {}, () => gate);
    const sender = await DataSender.open(port, "mpegts");
    for (let i = 0; i < 50; i++) await sender.send(`${i}`);
    await pieces.reach(1);
    open();
    expect((await pieces.reach(50)).map(({ text }) => text)).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
    await sender.close();
    expect((await job.result).parameters).toEqual({});
  });

  it("drops and counts the oldest waiting batches with maxWaitingBatches", async () => {
    const port = await freePort();
    let open: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const { job, pieces } = startReader(`srt://:${port}`, { maxWaitingBatches: 3 }, () => gate);
    const sender = await DataSender.open(port, "mpegts");
    // FFmpeg needs some packets to recognize MPEG-TS.
    await sender.send("0".padEnd(2000));
    await pieces.reach(1);
    for (let i = 1; i < 20; i++) await sender.send(`${i}`);
    // The disconnection ends the source: by then all messages have arrived.
    const latencyMs = 500;
    await new Promise((resolve) => setTimeout(resolve, latencyMs + 300));
    await sender.close();
    open();
    const { status, parameters } = await job.result;
    expect(status).toBe("completed");
    expect(pieces.all.map(({ text }) => text.trim())).toEqual(["0", "17", "18", "19"]);
    expect(parameters).toEqual({ dropped_batches: 16 });
  });
});

describe("a job that is stopped", { timeout: 30_000 }, () => {
  async function stopWithin200Ms(source: string, isReached: () => Promise<unknown>) {
    const { job } = startReader(source);
    await isReached();
    const stoppedMs = performance.now();
    job.stop();
    expect((await job.result).status).toBe("stopped");
    expect(performance.now() - stoppedMs).toBeLessThan(200);
  }
  const settled = () => new Promise((resolve) => setTimeout(resolve, 600));

  it("while it listens ends within 200 ms", async () => stopWithin200Ms(`srt://:${await freePort()}`, settled));

  it("while it calls ends within 200 ms", async () => stopWithin200Ms(`srt://127.0.0.1:${await freePort()}`, settled));

  it.each([
    ["has sent nothing", ""],
    // Empty packets of MPEG-TS.
    ["has sent no table of its streams", `G\x1f\x7f\x10${"\x7f".repeat(184)}`.repeat(200)],
  ])("while a peer %s ends within 200 ms", async (_, text) => {
    const port = await freePort();
    await stopWithin200Ms(`srt://:${port}`, async () => {
      const sender = await DataSender.open(port, "data");
      onTestFinished(() => sender.close());
      if (text !== "") await sender.send(text);
      await settled();
      await settled();
    });
  });

  it("while it reads ends within 200 ms", async () => {
    const port = await freePort();
    const { job, pieces } = startReader(`srt://:${port}`);
    const sender = await DataSender.open(port, "data");
    await sender.send("<a/>");
    await pieces.reach(1);
    const stoppedMs = performance.now();
    job.stop();
    expect((await job.result).status).toBe("stopped");
    expect(performance.now() - stoppedMs).toBeLessThan(200);
    await sender.close();
  });
});

describe("an SRT source without a peer or with an invalid address", { timeout: 20_000 }, () => {
  it.each([
    ["listening", "", /no peer connected within 700 ms/],
    ["calling", "127.0.0.1", /no peer connected within 700 ms/],
  ])("fails the job after the timeout: %s", async (_, host, message) => {
    vi.stubEnv("SRT_TIMEOUT_LIMIT", "700");
    const outcome = await startReader(`srt://${host}:${await freePort()}`).job.result;
    expect(outcome).toMatchObject({ status: "error", message: expect.stringMatching(message) });
  });

  it("fails the job if the peer sends nothing within the timeout", async () => {
    vi.stubEnv("SRT_TIMEOUT_LIMIT", "2000");
    const port = await freePort();
    const { job } = startReader(`srt://:${port}`);
    const sender = await DataSender.open(port, "data");
    const { message } = await job.result;
    await sender.close();
    expect(message).toMatch(/the peer sent nothing that can be read within 2000 ms/);
  });

  it("names the fault: a port in use, an invalid address", async () => {
    const port = await freePort();
    const { job } = startReader(`srt://:${port}`);
    const { message } = await startReader(`srt://:${port}`).job.result;
    expect(message).toMatch(/srt:.*cannot listen on this address: .*\w/);
    job.stop();
    await job.result;
    for (const path of [
      "srt://host",
      "srt://",
      "srt://:0",
      "srt://:99999",
      "srt://host:port",
      "srt://:9000?mode=caller",
    ])
      expect(await startReader(path).job.result).toMatchObject({
        message: expect.stringMatching(/expected .*srt:\/\//),
      });
  });
});

describe("the environment of SRT", () => {
  const addressOf = (path: string, env: Record<string, string> = {}) =>
    readSrtAddress(path, readSrtSettings(env), "SOURCE_INVALID");

  it.each([
    ["srt://:9000", {}, "srt://:9000?mode=listener&latency=500000&tlpktdrop=0&snddropdelay=125000"],
    ["srt://[::1]:9000", {}, "srt://[::1]:9000?mode=caller&latency=500000&tlpktdrop=0&snddropdelay=125000"],
    [
      "SRT://host:9000/",
      { SRT_LATENCY: "200", SRT_TOO_LATE_PACKET_DROP: "true", SRT_DROP_THRESHOLD_COEFF_PERCENTAGE: "150" },
      "srt://host:9000?mode=caller&latency=200000&tlpktdrop=1&snddropdelay=100000",
    ],
    [
      "srt://host:1?latency=20000&mode=listener&streamid=a",
      {},
      "srt://host:1?latency=20000&mode=listener&streamid=a&tlpktdrop=0&snddropdelay=125000",
    ],
  ])("and %s determine FFmpeg's options", (path, env, url) => expect(addressOf(path, env).url).toBe(url));

  it("with an invalid variable fails only what uses SRT", async () => {
    vi.stubEnv("SRT_LATENCY", "soon");
    const run = async (path: string, output?: string) => {
      const outcome = await runStreams(path, (format, job) => [
        videoStream(format.first("video"), {}, () =>
          output === undefined ? undefined : job.output.srt(output).write("a"),
        ),
      ]);
      return outcome.status === "error" ? outcome.message : outcome.status;
    };
    const rejected = 'SRT_LATENCY: expected a whole number from 0 to 60000, got "soon"';
    expect(await run(clip)).toBe("completed");
    expect(await run(clip, `srt://127.0.0.1:${await freePort()}`)).toContain(rejected);
    expect(await run(`srt://:${await freePort()}`)).toContain(rejected);
  });
});
