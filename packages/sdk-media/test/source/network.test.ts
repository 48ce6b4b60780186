import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { Type } from "@mcai/worker-sdk";
import { startTestWorker } from "@mcai/worker-sdk/testing";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { defineMediaWorker, type FormatContext, videoStream } from "../../src/index.ts";
import { type MediaName, media, newDestination, runMedia, runStreams } from "../support/media.ts";

const ignore = () => undefined;
const firstVideo = (format: FormatContext) => [videoStream(format.first("video"), {}, ignore)];

describe("a source on the network", () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
  });
  async function listen(handle: Parameters<typeof createServer>[1]): Promise<string> {
    const one = createServer(handle as never);
    server = one;
    await new Promise<void>((resolve) => one.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(one.address() as AddressInfo).port}`;
  }

  it("is decoded", async () => {
    const bytes = readFileSync(await media("h264-b.mp4"));
    const url = await listen((_, response) => response.end(bytes));
    expect((await runMedia(`${url}/a.mp4`, { video: {} })).count).toBe(50);
  });

  it.each<[number, RegExp]>([
    [404, /does not exist/],
    [401, /^access to .* is denied/],
    [403, /^access to .* is denied/],
    [500, /cannot be opened/],
  ])("fails the job if the server answers %i", async (status, message) => {
    const url = await listen((_, response) => response.writeHead(status).end());
    const outcome = await runStreams(`${url}/a.mp4`, firstVideo);
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(message);
  });

  it("keeps its password out of the error message", async () => {
    const url = await listen((_, response) => response.writeHead(404).end());
    const outcome = await runStreams(`${url.replace("//", "//me:s3cret@")}/a.mp4`, firstVideo);
    expect(outcome.message).toMatch(/does not exist/);
    expect(outcome.message).not.toContain("s3cret");
  });

  it("fails the job if the server refuses connections", async () => {
    const url = await listen(() => undefined);
    server?.close();
    const outcome = await runStreams(`${url}/a.mp4`, firstVideo);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringMatching(/Connection refused/) });
  });

  it.each<[string, (bytes: Buffer, answered: () => void) => Parameters<typeof createServer>[1]]>([
    ["the server does not answer", (_, answered) => answered],
    [
      "the server stops sending",
      (bytes, answered) => (_, response) =>
        void response
          .writeHead(200, { "content-length": bytes.length })
          .write(bytes.subarray(0, bytes.length / 2), answered),
    ],
  ])("lets a stop end the job if %s", async (_, handle) => {
    const bytes = readFileSync(await media("h264-b.ts"));
    let answered: () => void = () => undefined;
    const isAnswered = new Promise<void>((resolve) => {
      answered = resolve;
    });
    const url = await listen(handle(bytes, answered) as never);
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({ streams: firstVideo(format) }),
    });
    const test = await startTestWorker(worker);
    const order = (type: "job" | "stop_process", values: Record<string, string>) => ({
      type,
      job_id: 1,
      parameters: Object.entries(values).map(([id, value]) => ({ id, type: "string", value })),
    });
    const job = test.send(order("job", { source_path: `${url}/a.ts`, destination_path: newDestination() }));
    await isAnswered;
    const stoppedAt = performance.now();
    await test.send(order("stop_process", {}), { direct: true });
    await job;
    expect(performance.now() - stoppedAt).toBeLessThan(2000);
    expect(test.responses.map(({ kind }) => kind)).toContain("job_stopped");
    await test.close();
  });

  it.each(["h264-b.mp4", "h264-b.ts", "h264-b.mkv"] as const)(
    "fails the job if the connection breaks within %s",
    async (name) => {
      const bytes = readFileSync(await media(name));
      const half = bytes.subarray(0, bytes.length / 2);
      // Without ranges FFmpeg continues from its position.
      const url = await listen((_, response) => {
        response.writeHead(200, { "content-length": bytes.length });
        response.write(half, () => response.destroy());
      });
      const outcome = await runStreams(`${url}/${name}`, firstVideo);
      expect(outcome).toMatchObject({ status: "error", destinationPaths: [] });
      expect(outcome.message).toMatch(
        /reading the source failed: Input\/output error|is not a media file that FFmpeg can read, or it is truncated/,
      );
    },
  );

  it("delivers the frames before the connection breaks", async () => {
    const bytes = readFileSync(await media("long12.ts"));
    const url = await listen((_, response) => {
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, bytes.length * 0.8), () => response.destroy());
    });
    let count = 0;
    const outcome = await runStreams(`${url}/a.ts`, (format) => [
      videoStream(format.first("video"), {}, () => {
        count++;
      }),
    ]);
    expect(outcome.message).toMatch(/reading the source failed/);
    expect(count).toBeGreaterThan(80);
  });

  it("is read only in the requested part", async () => {
    const bytes = readFileSync(await media("long12.mp4"));
    const url = await listen((request, response) => {
      const [, from = "0"] = /bytes=(\d+)-/.exec(request.headers.range ?? "") ?? [];
      const start = Number(from);
      const range = { "content-range": `bytes ${start}-${bytes.length - 1}/${bytes.length}`, "accept-ranges": "bytes" };
      response.writeHead(206, { ...range, "content-length": bytes.length - start }).end(bytes.subarray(start));
    });
    const part = { sdk_start_index: 4000, sdk_stop_index: 5000 };
    const run = await runMedia(`${url}/a.mp4`, { video: {} }, part);
    expect(run.timesMs).toEqual(Array.from({ length: 25 }, (_, i) => 4000 + i * 40));
  });
});

// Each takes 10 s; all run at the same time.
describe.concurrent("a source on the network that stops sending", () => {
  async function listen(server: TcpServer): Promise<number> {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    server.on("connection", (socket) => onTestFinished(() => void socket.destroy()));
    return (server.address() as AddressInfo).port;
  }
  const half = (name: MediaName) => async () => {
    const bytes = readFileSync(await media(name));
    return createServer((_, response) => {
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, bytes.length * 0.8));
    });
  };

  it.each<[string, scheme: string, make: () => Promise<TcpServer>, message: RegExp, minCount: number]>([
    [
      "before the answer",
      "http",
      async () => createServer(() => undefined),
      /cannot be opened: Connection timed out/,
      0,
    ],
    ["before the TLS handshake", "https", async () => createTcpServer(), /cannot be opened: Connection timed out/, 0],
    [
      "in an MP4",
      "http",
      half("long-start.mp4"),
      /reading the source failed: (Connection timed out|Input\/output error)/,
      80,
    ],
    ["in a TS", "http", half("long12.ts"), /reading the source failed: Connection timed out/, 80],
  ])("fails the job after a timeout: %s", { timeout: 60_000 }, async (_, scheme, make, message, minCount) => {
    const port = await listen(await make());
    let count = 0;
    const startMs = performance.now();
    const outcome = await runStreams(`${scheme}://127.0.0.1:${port}/a`, (format) => [
      videoStream(format.first("video"), {}, () => {
        count++;
      }),
    ]);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringMatching(message) });
    expect(count).toBeGreaterThanOrEqual(minCount);
    const seconds = (performance.now() - startMs) / 1000;
    expect(seconds).toBeGreaterThan(9);
    expect(seconds).toBeLessThan(40);
  });
});
