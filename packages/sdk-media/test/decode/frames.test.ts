import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type AudioFrame, audioStream, type Filter, type VideoFrame, videoStream } from "../../src/index.ts";
import { cli, ffmpegBytes, folder, makeMedia, media, runMedia, runStreams } from "../support/media.ts";

const released = expect.objectContaining({ code: "FRAME_RELEASED" });
const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Decodes the frames of a source and passes them to a handler. */
const runVideo = (path: string, handler: (frames: VideoFrame[]) => unknown, options: object = {}) =>
  runStreams(path, (format) => [videoStream(format.first("video"), options, handler)]);

describe("a frame after its handler has returned", () => {
  it.each<[string, object]>([
    ["the decoder", {}],
    ["a filter", { pixelFormat: "rgb24" }],
  ])("is released if it came from %s", async (_, options) => {
    const kept: { frame: VideoFrame; planes: readonly Uint8Array[] }[] = [];
    const keep = (frames: VideoFrame[]) => {
      for (const frame of frames) kept.push({ frame, planes: frame.planes });
    };
    const outcome = await runVideo(await media("h264-b.mp4"), keep, { ...options, batchSize: 4 });
    expect(outcome.status).toBe("completed");
    expect(kept).toHaveLength(50);
    for (const { frame, planes } of kept) {
      for (const plane of planes) expect(plane.length).toBe(0);
      for (const use of [() => frame.planes, () => frame.packed(), () => frame.tensor(), () => frame.lineSizesBytes])
        expect(use).toThrow(released);
      expect(frame.width).toBe(160);
    }
  });

  it("is released if it is an audio frame", async () => {
    const kept: AudioFrame[] = [];
    await runStreams(await media("aac.mp4"), (format) => [
      audioStream(format.first("audio"), {}, (frames) => void kept.push(...frames)),
    ]);
    expect(kept.length).toBeGreaterThan(50);
    for (const frame of kept)
      for (const use of [() => frame.samples(), () => frame.planes, () => frame.channelLayout])
        expect(use).toThrow(released);
  });

  it("cannot be used in a promise that is not awaited", async () => {
    const late: Promise<unknown>[] = [];
    const views: Promise<unknown>[] = [];
    const outcome = await runVideo(await media("h264-b.mp4"), ([frame]) => {
      const planes = frame?.planes ?? [];
      late.push(
        sleep(30)
          .then(() => frame?.packed())
          .catch((error: unknown) => error),
      );
      views.push(sleep(30).then(() => planes.map((plane) => plane[0])));
    });
    expect(outcome.status).toBe("completed");
    expect(await Promise.all(late)).toEqual(Array(50).fill(released));
    expect(await Promise.all(views)).toEqual(Array(50).fill([undefined, undefined, undefined]));
  });

  it("is released if the handler threw", async () => {
    const kept: VideoFrame[] = [];
    const outcome = await runVideo(await media("h264-b.mp4"), ([frame]) => {
      kept.push(frame as VideoFrame);
      throw new Error("no more");
    });
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("no more") });
    expect(() => kept[0]?.planes).toThrow(released);
  });
});

describe("writing to a frame", () => {
  it.each<[string, object]>([
    ["from the decoder", {}],
    ["from a filter", { pixelFormat: "rgb24" }],
    ["that a filter outputs twice", { frameRate: 50 }],
  ])("does not fail the job for a frame %s", async (_, options) => {
    let count = 0;
    const outcome = await runVideo(
      await media("h264-b.mp4"),
      ([frame]) => {
        for (const plane of frame?.planes ?? []) plane.fill(count++ % 256);
      },
      options,
    );
    expect(outcome.status).toBe("completed");
    expect(count).toBeGreaterThanOrEqual(50);
  });

  it("changes only the copy if the handler writes to packed bytes", async () => {
    const path = await media("h264-b.mp4");
    const untouched = await runMedia(path, { video: {} });
    const found: string[] = [];
    await runVideo(path, ([frame]) => {
      const bytes = frame?.packed() as Uint8Array;
      found.push(md5(bytes));
      bytes.fill(1);
    });
    expect(found).toEqual(untouched.frames);
  });

  it("changes only the copy if the handler writes to audio samples", async () => {
    const path = await media("flac.flac");
    const untouched = await runMedia(path, { audio: {} });
    const pieces: Buffer[] = [];
    await runStreams(path, (format) => [
      audioStream(format.first("audio"), {}, ([frame]) => {
        const samples = frame?.samples() as Int16Array;
        pieces.push(Buffer.from(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)));
        samples.fill(7);
      }),
    ]);
    expect(Buffer.concat(pieces).equals(untouched.bytes)).toBe(true);
  });

  it("cannot change the list of planes", async () => {
    const outcome = await runVideo(await media("h264-b.mp4"), ([frame]) => {
      const planes = frame?.planes as Uint8Array[];
      expect(() => planes.pop()).toThrow(TypeError);
      expect(planes).toHaveLength(3);
    });
    expect(outcome.message).toBe("");
  });

  it("leaves the stream intact if the handler changes its batch", async () => {
    const kept: VideoFrame[] = [];
    const sizes: number[] = [];
    const outcome = await runVideo(
      await media("h264-b.mp4"),
      (frames) => {
        sizes.push(frames.length);
        kept.push(...frames);
        frames.reverse().splice(0, 3);
        frames.push(undefined as never, "nonsense" as never);
        return sizes.length;
      },
      { batchSize: 8 },
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect(sizes).toEqual([8, 8, 8, 8, 8, 8, 2]);
    for (const frame of kept) expect(() => frame.planes).toThrow(released);
  });
});

describe("transferring the memory of a frame", () => {
  it("by structuredClone copies the buffer or throws", async () => {
    const clones: Uint8Array[] = [];
    const firstLines: Uint8Array[] = [];
    const outcome = await runVideo(await media("h264-b.mp4"), ([frame]) => {
      const [plane] = frame?.planes ?? [];
      if (!plane) throw new Error("there is no plane");
      firstLines.push(plane.slice(0, 160));
      try {
        // Node 20 copies; later versions throw.
        clones.push(structuredClone(plane, { transfer: [plane.buffer as ArrayBuffer] }));
      } catch (error) {
        expect(error).toMatchObject({ name: "DataCloneError" });
        clones.push(plane.slice());
      }
    });
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect(clones.map((clone) => md5(clone.subarray(0, 160)))).toEqual(firstLines.map(md5));
  });

  it("by ArrayBuffer.transfer fails the job, and the buffer stays readable", async () => {
    // ArrayBuffer.prototype.transfer needs a flag in Node 20.
    const script = `
      const { transfer } = ArrayBuffer.prototype;
      const [core, kit, media, source_path, destination_path] = process.argv.slice(1);
      const { Type } = await import(core);
      const { runJob } = await import(kit);
      const { defineMediaWorker, videoStream } = await import(media);
      const taken = [];
      const worker = defineMediaWorker({
        parameters: Type.Object({}),
        initProcess: (format) => ({
          streams: [videoStream(format.first("video"), {}, ([frame]) => {
            const before = frame.packed().slice(0, 160);
            taken.push({ before, buffer: transfer.call(frame.planes[0].buffer) });
            let code;
            try { frame.packed(); } catch (error) { code = error.code; }
            taken.at(-1).code = code;
          })],
        }),
      });
      const outcomes = [];
      for (let i = 0; i < 20; i++) outcomes.push(await runJob(worker, { source_path, destination_path }));
      const [{ status, message }] = outcomes;
      const same = taken.every(({ before, buffer }) => Buffer.compare(before, new Uint8Array(buffer, 0, 160)) === 0);
      console.log(JSON.stringify({ status, message, same, count: taken.length, codes: [...new Set(taken.map(({ code }) => code))] }));`;
    const path = await media("h264-b.mp4");
    const packages = ["@mcai/worker-sdk", "@mcai/worker-sdk/testing", "@mcai/worker-sdk-media"];
    const { stdout } = await cli(
      process.execPath,
      ...("transfer" in ArrayBuffer.prototype ? [] : ["--harmony-rab-gsab-transfer"]),
      ...["--input-type=module", "-e", script],
      ...packages.map((name) => import.meta.resolve(name)),
      ...[path, join(folder, "none.json")],
    );
    expect(JSON.parse(stdout)).toEqual({
      status: "error",
      message: expect.stringContaining("the buffer of a plane was transferred"),
      same: true,
      count: 20,
      codes: ["FRAME_TRANSFERRED"],
    });
  });
});

describe("packed", () => {
  const flip: Filter = { name: "vflip" };
  it.each<[pixelFormat: string, options: object, chain: string]>([
    ["yuv420p", {}, "null"],
    ["nv12", {}, "null"],
    ["yuv422p10le", {}, "null"],
    ["rgb24", {}, "null"],
    ["rgba", {}, "null"],
    ["gray", {}, "null"],
    ["gbrp", {}, "null"],
    ["monob", {}, "null"],
    ["yuva420p", {}, "null"],
    ["yuv420p", { filters: [flip] }, "vflip"],
    ["yuv420p", { region: { right: 1, bottom: 1, width: 60, height: 40 } }, "crop=60:40:100:50"],
  ])("gives the bytes of ffmpeg for 161×91 pixels in %s with %o", async (pixelFormat, options, chain) => {
    const source = "-f lavfi -i testsrc2=size=320x180:rate=25:duration=0.2 -vf scale=161:91";
    const path = await makeMedia(`odd-${pixelFormat}.nut`, `${source} -c:v rawvideo -pix_fmt ${pixelFormat}`);
    const pieces: Uint8Array[] = [];
    const outcome = await runVideo(
      path,
      ([frame]) => {
        if (!frame) return;
        expect(frame.pixelFormat).toBe(pixelFormat);
        const bytes = frame.packed();
        pieces.push(bytes);
        const larger = new Uint8Array(bytes.length + 20);
        const into = larger.subarray(10);
        expect(md5(frame.packed(into))).toBe(md5(bytes));
        expect([...larger.subarray(0, 10), ...larger.subarray(bytes.length + 10)]).toEqual(Array(20).fill(0));
        expect(() => frame.packed(larger.subarray(0, bytes.length - 1))).toThrow(RangeError);
      },
      options,
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    const expected = ["-i", path, "-vf", chain, "-vsync", "passthrough", "-pix_fmt", pixelFormat, "-f", "rawvideo"];
    expect(md5(Buffer.concat(pieces))).toBe(md5(await ffmpegBytes(...expected)));
    expect(pieces).toHaveLength(5);
  });

  it("has the palette after the pixels", async () => {
    const chain = "split[a][b];[a]palettegen[p];[b][p]paletteuse";
    const path = await makeMedia(
      "palette.png",
      `-f lavfi -i testsrc2=size=61x51:duration=0.04 -frames:v 1 -vf ${chain}`,
    );
    const { md5: found, pixelFormat } = await runMedia(path, { video: {} });
    expect(pixelFormat).toBe("pal8");
    expect(found).toBe(md5(await ffmpegBytes("-i", path, "-pix_fmt", "pal8", "-f", "rawvideo")));
  });

  it("leaves out the padding after the last line of a plane", async () => {
    const options = { region: { right: 0, bottom: 0, width: 30, height: 20 } };
    const outcome = await runVideo(
      await media("h264-b.mp4"),
      ([frame]) => {
        const [luma = 0, blue = 0, red = 0] = frame?.lineSizesBytes ?? [];
        expect(frame?.planes.map(({ length }) => length)).toEqual([luma * 19 + 30, blue * 9 + 15, red * 9 + 15]);
      },
      options,
    );
    expect(outcome.message).toBe("");
  });
});
