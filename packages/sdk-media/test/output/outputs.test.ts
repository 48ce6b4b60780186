import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Type } from "@mcai/worker-sdk";
import { runJob } from "@mcai/worker-sdk/testing";
import { describe, expect, it } from "vitest";
import { defineMediaWorker, type VideoFrame, videoStream } from "../../src/index.ts";
import { folder, media, newDestination, runStreams } from "../support/media.ts";

const ignore = () => undefined;
const isFolder = "it is a folder; expected the path of a file";
const write = (name: string, content: string) => {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
};
/** Decodes 50 frames. */
const runVideo = async (options: object, handler: (frames: VideoFrame[]) => unknown) =>
  runStreams(await media("h264-b.mp4"), (format) => [videoStream(format.first("video"), {}, handler)], options);
const framesOf = (path: string) => (JSON.parse(readFileSync(path, "utf8")) as { frames: unknown[] }).frames;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("the results of handlers", () => {
  it("stay in the .part file that the error of a failing handler names", async () => {
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

  it("are complete in the .part file of a failed job", async () => {
    const destination = newDestination();
    let count = 0;
    await runStreams(
      await media("h264-b.mp4"),
      (f) => [
        videoStream(f.first("video"), {}, ([frame]) => {
          if (++count === 20) throw new Error("the model is tired");
          return { timeMs: frame?.timeMs };
        }),
      ],
      { destination },
    );
    expect(readFileSync(`${destination}.part`, "utf8").match(/timeMs/g)).toHaveLength(19);
  });

  it("are replaced by the error of an asynchronous handler that rejects", async () => {
    const outcome = await runStreams(await media("h264-b.mp4"), (f) => [
      videoStream(f.first("video"), {}, () => Promise.reject(new Error("later"))),
    ]);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringContaining("later") });
  });

  it.each<[string, destination: () => string, reason: string]>([
    ["does not exist", () => join(folder, "no-folder", "results.json"), "its folder does not exist"],
    ["is a file", () => join(write("no-folder.txt", "x"), "results.json"), "a part of its path is not a folder"],
  ])("cannot be written if the folder of the destination %s", async (_, makeDestination, reason) => {
    const destination = makeDestination();
    const outcome = await runVideo({ destination }, () => 1);
    // There is no .part file, and the error names none.
    expect(outcome).toMatchObject({
      status: "error",
      message: `${destination} cannot be written: ${reason} [OUTPUT_FAILED]`,
    });
  });

  it("fail the job at the first result if the destination is a folder", async () => {
    const destination = join(folder, "a-folder");
    mkdirSync(destination);
    let count = 0;
    const outcome = await runVideo({ destination }, () => ++count);
    expect(outcome).toMatchObject({
      status: "error",
      message: `${destination} cannot be written: ${isFolder} [OUTPUT_FAILED]`,
    });
    expect(count).toBe(1);
    expect(existsSync(`${destination}.part`)).toBe(false);
  });

  it.each([1, 7, 50, 64])("are written as JSON in batches of %i", async (batchSize) => {
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

  it("are kept if the job is stopped", async () => {
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

  it("include the current handler of a stopped job, which ends before endingProcess", async () => {
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

describe("an output", () => {
  it.skipIf(process.platform !== "linux")("reports a full disk, and keeps its .part file", async () => {
    const destination = newDestination();
    // Linux has a device that behaves as a full disk.
    symlinkSync("/dev/full", `${destination}.part`);
    const outcome = await runVideo({ destination }, () => 1);
    expect(outcome).toMatchObject({ status: "error", destinationPaths: [] });
    expect(outcome.message).toBe(
      `${destination} cannot be written: the disk is full\nThe output that was written before the error is in ${destination}.part [OUTPUT_FAILED]`,
    );
    expect(existsSync(destination)).toBe(false);
  });

  it("writes directly to a device", async () => {
    const destination = "/dev/null";
    const before = statSync(destination);
    const outcome = await runVideo({ destination }, () => 1);
    expect(outcome).toMatchObject({ status: "completed", destinationPaths: [destination] });
    expect(statSync(destination)).toMatchObject({ ino: before.ino, mode: before.mode });
    expect(existsSync(`${destination}.part`)).toBe(false);
  });

  it("replaces the file of an earlier run at the end", async () => {
    const destination = write("earlier.json", "earlier");
    let seen = "";
    const outcome = await runVideo({ destination }, () => {
      seen = readFileSync(destination, "utf8");
      return 1;
    });
    expect(outcome.status).toBe("completed");
    expect(seen).toBe("earlier");
    expect(framesOf(destination)).toHaveLength(50);
  });

  it("keeps the file of an earlier run when the job fails", async () => {
    const destination = write("kept.json", "earlier");
    let count = 0;
    const outcome = await runVideo({ destination }, () => {
      if (++count === 3) throw new Error("no more");
      return count;
    });
    expect(outcome.message).toContain(`The output that was written before the error is in ${destination}.part`);
    expect(readFileSync(destination, "utf8")).toBe("earlier");
  });

  it("exists once for each path", async () => {
    const destination = newDestination();
    const other = newDestination();
    const outcome = await runStreams(
      await media("h264-b.mp4"),
      (format, job) => {
        const written = job.output.json(other);
        // Another path of the same file.
        expect(job.output.json(join(folder, ".", "x", "..", basename(other)))).toBe(written);
        return [
          videoStream(format.first("video"), {}, async ([frame]) => {
            await written.write({ timeMs: frame?.timeMs });
            await job.output.json().write(frame?.isKeyFrame);
          }),
        ];
      },
      { destination },
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect([...outcome.destinationPaths].sort()).toEqual([destination, other].sort());
    expect(framesOf(other)).toEqual(Array.from({ length: 50 }, (_, i) => ({ timeMs: i * 40 })));
    expect(framesOf(destination).filter(Boolean)).toHaveLength(5);
  });

  it("creates no file if nothing is written", async () => {
    const destination = newDestination();
    const outcome = await runVideo({ destination }, () => undefined);
    expect(outcome).toMatchObject({ status: "completed", destinationPaths: [] });
    expect(existsSync(destination)).toBe(false);
  });

  it("keeps the order of concurrent writes", async () => {
    const destination = newDestination();
    const long = "x".repeat(30_000);
    await runStreams(
      await media("h264-b.mp4"),
      (format, job) => [
        videoStream(format.first("video"), {}, async ([frame]) => {
          const json = job.output.json();
          await Promise.all([json.write(frame?.timeMs), json.write(long), json.write({})]);
        }),
      ],
      { destination },
    );
    const expected = Array.from({ length: 50 }, (_, i) => [i * 40, long, {}]).flat();
    expect(framesOf(destination)).toEqual(expected);
  });

  it.each<[string, () => unknown, RegExp]>([
    ["a bigint", () => ({ pts: 5n }), /the value cannot be converted to JSON: .*BigInt/],
    [
      "a circular reference",
      () => Object.assign([], { 0: globalThis }),
      /the value cannot be converted to JSON: .*circular/,
    ],
    ["a function", () => ignore, /a value of type function cannot be written as JSON; write an object/],
  ])("rejects %s", async (_, result, message) => {
    const outcome = await runVideo({}, result);
    expect(outcome).toMatchObject({ status: "error", message: expect.stringMatching(message) });
  });

  it.each([undefined, null, 0, "", false])("has the result of a handler, %o", async (result) => {
    const destination = newDestination();
    await runVideo({ destination }, () => result);
    if (result === undefined) expect(existsSync(destination)).toBe(false);
    else expect(framesOf(destination)).toEqual(Array(50).fill(result));
  });

  it("keeps its .part name when endingProcess fails", async () => {
    const destination = newDestination();
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({
        streams: [videoStream(format.first("video"), {}, () => 1)],
        endingProcess: () => Promise.reject(new Error("too late")),
      }),
    });
    const outcome = await runJob(worker, { source_path: await media("h264-b.mp4"), destination_path: destination });
    const named = `Error: too late\nThe output that was written before the error is in ${destination}.part`;
    expect(outcome).toMatchObject({ status: "error", message: named, destinationPaths: [] });
    expect(existsSync(destination)).toBe(false);
  });

  it("that initProcess opened is named when initProcess fails", async () => {
    const destination = newDestination();
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: async (_, __, job) => {
        await job.output.json().write({ title: "first" });
        throw new Error("no model");
      },
    });
    const outcome = await runJob(worker, { source_path: await media("h264-b.mp4"), destination_path: destination });
    expect(outcome.message).toBe(
      `Error: no model\nThe output that was written before the error is in ${destination}.part`,
    );
    expect(readFileSync(`${destination}.part`, "utf8")).toContain("first");
  });
});
