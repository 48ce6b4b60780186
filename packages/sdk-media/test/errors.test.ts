import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Type } from "@mcai/worker-sdk";
import { runJob, startTestWorker } from "@mcai/worker-sdk/testing";
import { afterEach, describe, expect, it } from "vitest";
import { describeCases } from "../../sdk/test/cases.ts";
import {
  audioStream,
  cropTo,
  dataStream,
  defineMediaWorker,
  type Filter,
  type FormatContext,
  pcmStream,
  type RegionOfInterest,
  type StreamDescriptor,
  type VideoFrame,
  videoStream,
} from "../src/index.ts";
import { toVideoChain } from "../src/streams/filters.ts";
import { toCropArea } from "../src/streams/region-of-interest.ts";
import { folder, media, newDestination, runMedia, runStreams } from "./media.ts";

const ignore = () => undefined;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const firstVideo = (format: FormatContext) => [videoStream(format.first("video"), {}, ignore)];

const write = (name: string, content: string | Uint8Array) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};

describe("a source that is none", () => {
  it.each<[what: string, make: () => string | Promise<string>, message: RegExp]>([
    ["a missing file", () => join(folder, "no.mp4"), /no\.mp4 does not exist/],
    ["a missing folder", () => join(folder, "no", "no.mp4"), /does not exist/],
    ["a file where a folder should be", () => join(write("file", "x"), "a.mp4"), /does not exist/],
    ["a folder", () => folder, /is a folder; expected a media file/],
    ["an empty file", () => write("empty.mp4", ""), /empty\.mp4 is empty/],
    ["a text", () => write("text.mp4", "This is no media.\n".repeat(500)), /no media that FFmpeg knows/],
    ["zeros", () => write("zeros.mp4", new Uint8Array(10_000)), /no media that FFmpeg knows/],
    [
      "an MP4 that is cut off",
      async () => write("cut.mp4", readFileSync(await media("h264-b.mp4")).subarray(0, 5000)),
      /no media that FFmpeg knows, or it is cut off/,
    ],
    ["an unknown protocol", () => "nonsense://example/a.mp4", /cannot be opened: Protocol not found/],
  ])("%s", async (_, make, message) => {
    const outcome = await runStreams(await make(), firstVideo);
    expect(outcome).toMatchObject({ status: "error", destinationPaths: [] });
    expect(outcome.message).toMatch(message);
  });

  it("decodes what is there of a TS that is cut off", async () => {
    const whole = readFileSync(await media("h264-b.ts"));
    const run = await runMedia(write("cut.ts", whole.subarray(0, whole.length / 2)), { video: {} });
    expect(run.count).toBeGreaterThan(5);
    expect(run.count).toBeLessThan(50);
  });
});

describe("streams that cannot be", () => {
  it.each<[what: string, streams: (format: FormatContext) => unknown, message: RegExp]>([
    ["a kind that is not there", (f) => [dataStream(f.first("data"), {}, ignore)], /no data stream; it has 0 video/],
    [
      "sound as pictures",
      (f) => [videoStream(f.first("audio"), {}, ignore)],
      /expected a video stream, stream 1 is audio/,
    ],
    [
      "pictures as sound",
      (f) => [audioStream(f.first("video"), {}, ignore)],
      /expected a audio stream, stream 0 is video/,
    ],
    [
      "pictures as windows",
      (f) => [pcmStream(f.first("video"), { sampleRate: 16_000, windowMs: 10 }, ignore)],
      /pcmStream: expected a audio stream, stream 0 is video/,
    ],
    [
      "a window that is no longer than its overlap",
      (f) => [pcmStream(f.first("audio"), { sampleRate: 16_000, windowMs: 10, overlapMs: 10 }, ignore)],
      /window longer than its overlap/,
    ],
    ["pictures as data", (f) => [dataStream(f.first("video"), {}, ignore)], /dataStream: expected a data or subtitle/],
    ["the same stream twice", (f) => [...firstVideo(f), ...firstVideo(f)], /stream 0 is asked for twice/],
    ["none at all", () => [], /expected at least one stream/],
    ["no list", () => undefined, /expected at least one stream/],
    ["something else", () => [{}], /each of streams is made by/],
  ])("%s", async (_, streams, message) => {
    const outcome = await runStreams(await media("long12.mp4"), (f) => streams(f) as StreamDescriptor[]);
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(message);
  });
});

describe("filters that FFmpeg refuses", () => {
  it.each<[what: string, filter: Filter, message: RegExp]>([
    ["an unknown filter", { name: "no_such" }, /refused the filters "no_such": .*No such filter: 'no_such'/s],
    ["an unknown option", { name: "yadif", parameters: { nope: 1 } }, /Could not set non-existent option 'nope'/],
    ["a wrong value", { name: "yadif", parameters: { mode: "sideways" } }, /sideways/],
    [
      "a size that cannot be",
      { name: "crop", parameters: { w: 10_000, h: 10 } },
      /Invalid too big or non positive size/,
    ],
    ["sound for pictures", { name: "atempo" }, /atempo/],
    ["two outputs", { name: "split" }, /refused the filters "split"/],
  ])("%s", async (_, filter, message) => {
    const path = await media("h264-b.mp4");
    const outcome = await runStreams(path, (f) => [videoStream(f.first("video"), { filters: [filter] }, ignore)]);
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(message);
  });

  it("passes values with FFmpeg's own signs on as they are", async () => {
    const filters = [{ name: "metadata", parameters: { mode: "add", key: "a", value: "it's: [a], b; \\c" } }];
    expect((await runMedia(await media("h264-b.mp4"), { video: { filters } })).count).toBe(50);
  });
});

type Region = { image: { width: number; height: number }; roi: RegionOfInterest };
describeCases<Partial<Region> & { scaling?: { width: number | null; height: number | null } }, Record<string, unknown>>(
  "region_of_interest_filters.json",
  ({ input, expected }) => {
    if (input.scaling) {
      const { width, height } = input.scaling;
      const options = { ...(width !== null && { width }), ...(height !== null && { height }) };
      const [scale] = toVideoChain(options, { width: 1, height: 1 });
      expect(scale).toBe(`scale=width=${expected.width}:height=${expected.height}`);
      return;
    }
    const { image, roi } = input as Region;
    const { error } = expected as { error?: { prefix: string } };
    if (error) expect(() => toCropArea(roi, image)).toThrow(error.prefix);
    else expect(toCropArea(roi, image)).toEqual(expected);
  },
  ({ input }) => input.scaling !== undefined || input.roi !== undefined,
);

describe("regions", () => {
  const t = 10;
  it.each<[RegionOfInterest, [top: number, left: number, width: number, height: number]]>([
    [{ top: t, left: 20, right: 30, bottom: 40 }, [10, 20, 110, 40]],
    [{ top: t, left: 20, width: 30, height: 40 }, [10, 20, 30, 40]],
    [{ top: t, left: 20, width: 30, bottom: 40 }, [10, 20, 30, 40]],
    [{ top: t, left: 20, right: 30, height: 40 }, [10, 20, 110, 40]],
    [{ left: 20, bottom: 30, width: 40, height: 50 }, [10, 20, 40, 50]],
    [{ top: t, right: 20, width: 30, height: 40 }, [10, 110, 30, 40]],
    [{ right: 20, bottom: 30, width: 40, height: 50 }, [10, 100, 40, 50]],
  ])("%o", (region, [top, left, width, height]) => {
    expect(toCropArea(region, { width: 160, height: 90 })).toEqual({ top, left, width, height });
  });

  const keys = ["top", "left", "right", "bottom", "width", "height"] as const;
  const valid = ["tlrb", "tlwh", "tlwb", "tlrh", "lbwh", "trwh", "rbwh"].map((form) => [...form].sort().join(""));
  const others = Array.from({ length: 64 }, (_, bits) => keys.filter((_, i) => bits & (1 << i)));
  it.each(
    others.filter(
      (given) =>
        !valid.includes(
          given
            .map((key) => key[0])
            .sort()
            .join(""),
        ),
    ),
  )("no other: %s %s %s %s %s %s", (...given) => {
    const region = Object.fromEntries(given.filter(Boolean).map((key) => [key, 10]));
    expect(() => toCropArea(region, { width: 160, height: 90 })).toThrow("Cannot compute coordinates");
  });

  it.each<[RegionOfInterest]>([
    [{ top: 0, left: 0, width: 161, height: 10 }],
    [{ top: 0, left: 0, width: 10, height: 0 }],
    [{ top: 50, left: 0, right: 0, bottom: 40 }],
    [{ top: -1, left: 0, width: 10, height: 10 }],
    [{ top: 0.5, left: 0, width: 10, height: 10 }],
    [{ top: Number.NaN, left: 0, width: 10, height: 10 }],
  ])("not %o", async (region) => {
    const path = await media("h264-b.mp4");
    const outcome = await runStreams(path, (f) => [videoStream(f.first("video"), cropTo(region), ignore)]);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("Cannot compute coordinates") });
  });
});

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
    [401, /may not be read/],
    [403, /may not be read/],
    [500, /cannot be opened/],
  ])("that answers %i", async (status, message) => {
    const url = await listen((_, response) => response.writeHead(status).end());
    const outcome = await runStreams(`${url}/a.mp4`, firstVideo);
    expect(outcome.status).toBe("error");
    expect(outcome.message).toMatch(message);
  });

  it("keeps a password out of its message", async () => {
    const url = await listen((_, response) => response.writeHead(404).end());
    const outcome = await runStreams(`${url.replace("//", "//me:s3cret@")}/a.mp4`, firstVideo);
    expect(outcome.message).toMatch(/does not exist/);
    expect(outcome.message).not.toContain("s3cret");
  });

  it("that refuses connections", async () => {
    const url = await listen(() => undefined);
    server?.close();
    const outcome = await runStreams(`${url}/a.mp4`, firstVideo);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringMatching(/Connection refused/) });
  });

  it.each<[string, (bytes: Buffer) => Parameters<typeof createServer>[1]]>([
    ["never answers", () => () => undefined],
    [
      "stops in the middle",
      (bytes) => (_, response) =>
        void response.writeHead(200, { "content-length": bytes.length }).write(bytes.subarray(0, bytes.length / 2)),
    ],
  ])("that %s: a stop ends the job", async (_, handle) => {
    const bytes = readFileSync(await media("h264-b.ts"));
    const url = await listen(handle(bytes) as never);
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
    await sleep(300);
    const stoppedAt = performance.now();
    await test.send(order("stop_process", {}), { direct: true });
    await job;
    expect(performance.now() - stoppedAt).toBeLessThan(2000);
    expect(test.responses.map(({ kind }) => kind)).toContain("job_stopped");
    await test.close();
  });
});

describe("handlers and outputs", () => {
  it("fails the job with what a handler throws, and says where the results are", async () => {
    const destination = newDestination();
    let count = 0;
    const outcome = await runStreams(
      await media("h264-b.mp4"),
      (f) => [
        videoStream(f.first("video"), {}, ([frame]) => {
          if (++count === 20) throw new Error("the model is tired");
          return { timeMs: frame?.timeMs };
        }),
      ],
      { destination },
    );
    expect(outcome).toMatchObject({ status: "error", destinationPaths: [] });
    expect(outcome.message).toContain("the model is tired");
    expect(outcome.message).toContain(`${destination}.part`);
    expect(count).toBe(20);
    expect(existsSync(destination)).toBe(false);
    expect(readFileSync(`${destination}.part`, "utf8")).toMatch(/^\{"frames":\[\n\{"timeMs":0\}/);
  });

  it("fails the job with what an asynchronous handler rejects with", async () => {
    const outcome = await runStreams(await media("h264-b.mp4"), (f) => [
      videoStream(f.first("video"), {}, () => Promise.reject(new Error("later"))),
    ]);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("later") });
  });

  it("says that the destination's folder is missing", async () => {
    const destination = join(folder, "no-folder", "results.json");
    const path = await media("h264-b.mp4");
    const outcome = await runStreams(path, (f) => [videoStream(f.first("video"), {}, () => 1)], { destination });
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("its folder does not exist") });
  });

  it("says that the destination is a folder", async () => {
    const destination = join(folder, "a-folder");
    mkdirSync(destination);
    const path = await media("h264-b.mp4");
    const outcome = await runStreams(path, (f) => [videoStream(f.first("video"), {}, () => 1)], { destination });
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("cannot be written") });
  });

  it.each([1, 7, 50, 64])("writes what handlers return as JSON, in batches of %i", async (batchSize) => {
    const destination = newDestination();
    const sizes: number[] = [];
    const outcome = await runStreams(
      await media("h264-b.mp4"),
      (f) => [
        videoStream(f.first("video"), {}, (frames) => {
          sizes.push(frames.length);
          return frames.map(({ timeMs }) => timeMs);
        }),
      ],
      { destination, parameters: { batch_size: batchSize } },
    );
    expect(outcome).toMatchObject({ status: "completed", destinationPaths: [destination] });
    const { frames } = JSON.parse(readFileSync(destination, "utf8")) as { frames: number[][] };
    expect(frames.flat()).toEqual(Array.from({ length: 50 }, (_, i) => i * 40));
    expect(sizes).toEqual(
      Array.from({ length: Math.ceil(50 / batchSize) }, (_, i) => Math.min(batchSize, 50 - i * batchSize)),
    );
    expect(existsSync(`${destination}.part`)).toBe(false);
    expect(outcome.progress).toEqual([...new Set(outcome.progress)].sort((a, b) => a - b));
    expect(outcome.progress.at(-1)).toBe(100);
  });

  it("keeps the results of a job that is stopped", async () => {
    const destination = newDestination();
    const why: string[] = [];
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({
        streams: [
          videoStream(format.first("video"), {}, async ([frame]) => {
            await sleep(20);
            return { timeMs: frame?.timeMs };
          }),
        ],
        endingProcess: (reason) => void why.push(reason),
      }),
    });
    const outcome = await runJob(
      worker,
      { source_path: await media("long12.mp4"), destination_path: destination },
      { stopAfterProgress: 10 },
    );
    expect(outcome).toMatchObject({ status: "stopped", destinationPaths: [destination] });
    expect(why).toEqual(["stopped"]);
    const { frames } = JSON.parse(readFileSync(destination, "utf8")) as { frames: { timeMs: number }[] };
    expect(frames.length).toBeGreaterThan(0);
    expect(frames.length).toBeLessThan(150);
    expect(frames.map(({ timeMs }) => timeMs)).toEqual(frames.map((_, i) => i * 40));
  });

  it("lets the handler in hand end before endingProcess when the job is stopped", async () => {
    const events: string[] = [];
    const destination = newDestination();
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({
        streams: [
          videoStream(format.first("video"), {}, async () => {
            events.push("begin");
            await sleep(200);
            events.push("end");
            return 1;
          }),
        ],
        endingProcess: () => void events.push("endingProcess"),
      }),
    });
    const outcome = await runJob(
      worker,
      { source_path: await media("long12.mp4"), destination_path: destination },
      { stopAfterProgress: 5 },
    );
    await sleep(400);
    expect(outcome.status).toBe("stopped");
    expect(events.length).toBeLessThan(100);
    expect(events.slice(-3)).toEqual(["begin", "end", "endingProcess"]);
    expect(existsSync(`${destination}.part`)).toBe(false);
    expect(outcome.destinationPaths).toEqual([destination]);
  });
});

describe("frames after their handler", () => {
  it.each<[string, object]>([
    ["of the decoder", {}],
    ["of a filter", { pixelFormat: "rgb24" }],
  ])("%s", async (_, options) => {
    const kept: { frame: VideoFrame; planes: readonly Uint8Array[] }[] = [];
    const outcome = await runStreams(await media("h264-b.mp4"), (f) => [
      videoStream(f.first("video"), { ...options, batchSize: 4 }, (frames) => {
        for (const frame of frames) kept.push({ frame, planes: frame.planes });
      }),
    ]);
    expect(outcome.status).toBe("completed");
    expect(kept).toHaveLength(50);
    const released = expect.objectContaining({ code: "FRAME_RELEASED" });
    for (const { frame, planes } of kept) {
      for (const plane of planes) expect(plane.length).toBe(0);
      for (const use of [() => frame.planes, () => frame.packed(), () => frame.tensor(), () => frame.lineSizesBytes])
        expect(use).toThrow(released);
      expect(frame.width).toBe(160);
    }
  });

  it("of sound", async () => {
    const kept: (() => unknown)[] = [];
    await runStreams(await media("aac.mp4"), (f) => [
      audioStream(f.first("audio"), {}, (frames) => {
        for (const frame of frames) kept.push(() => frame.samples());
      }),
    ]);
    expect(kept.length).toBeGreaterThan(50);
    for (const use of kept) expect(use).toThrow(expect.objectContaining({ code: "FRAME_RELEASED" }));
  });

  it.each<[string, object]>([
    ["of the decoder", {}],
    ["of a filter", { pixelFormat: "rgb24" }],
  ])("written to by their handler: nothing breaks, %s", async (_, options) => {
    let count = 0;
    const outcome = await runStreams(await media("h264-b.mp4"), (f) => [
      videoStream(f.first("video"), options, (frames) => {
        for (const frame of frames) {
          for (const plane of frame.planes) plane.fill(count % 256);
          count++;
        }
      }),
    ]);
    expect(outcome.status).toBe("completed");
    expect(count).toBe(50);
  });
});
