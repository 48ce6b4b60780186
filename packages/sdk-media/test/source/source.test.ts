import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Type } from "@mcai/worker-sdk";
import { startTestWorker } from "@mcai/worker-sdk/testing";
import { describe, expect, it } from "vitest";
import { defineMediaWorker, videoStream } from "../../src/index.ts";
import { source, startMediaJob } from "../../src/testing.ts";
import { allStreams, folder, makeMedia, media, newDestination, runMedia, runStreams } from "../support/media.ts";

const video = (seconds: number) => `-f lavfi -i testsrc2=size=160x90:rate=25:duration=${seconds}`;
const audio = (seconds: number) => `-f lavfi -i sine=440:r=48000:d=${seconds}`;
const x264 = "-c:v libx264 -preset veryfast -pix_fmt yuv420p -bf 3";

describe("without permission", () => {
  // Root has all permissions, so the process runs as another user meanwhile.
  async function asNobody<Result>(work: () => Promise<Result>): Promise<Result> {
    if (process.geteuid?.() !== 0) return work();
    process.seteuid?.(65_534);
    try {
      return await work();
    } finally {
      process.seteuid?.(0);
    }
  }

  it("a source cannot be read, and a destination cannot be written", async () => {
    const open = await media("h264-b.mp4");
    // Loads all lazy modules first, because the other user may not be able to read them.
    await runMedia(open, { video: {} });
    const closed = join(folder, "closed.mp4");
    writeFileSync(closed, readFileSync(open), { mode: 0 });
    const target = join(folder, "closed");
    mkdirSync(target, { mode: 0o555 });
    chmodSync(folder, 0o755);
    const [unread, unwritten] = await asNobody(async () => [
      await runStreams(closed, (format) => allStreams(format, () => undefined)),
      await runStreams(open, (format) => [videoStream(format.first("video"), {}, () => 1)], {
        destination: join(target, "results.json"),
      }),
    ]);
    // Node checks with the real user, FFmpeg with the effective one.
    expect(unread).toMatchObject({
      status: "error",
      message: expect.stringContaining(`access to ${closed} is denied`),
    });
    const message = `${join(target, "results.json")} cannot be written: permission denied on it or on its folder [OUTPUT_FAILED]`;
    expect(unwritten).toMatchObject({ status: "error", message });
  });
});

describe.skipIf(process.platform === "win32")("a pipe", () => {
  const pipe = (name: string) => {
    const path = join(folder, name);
    execFileSync("mkfifo", [path]);
    return path;
  };

  it("is read without blocking the thread", async () => {
    const path = pipe("slow");
    const file = await media("h264-b.ts");
    const writer = spawn("sh", ["-c", `{ head -c 30000 "${file}"; sleep 1; tail -c +30001 "${file}"; } > "${path}"`]);
    let last = performance.now();
    let maxPauseMs = 0;
    const timer = setInterval(() => {
      maxPauseMs = Math.max(maxPauseMs, performance.now() - last);
      last = performance.now();
    }, 20);
    try {
      expect((await runMedia(path, { video: {} })).count).toBe(50);
    } finally {
      clearInterval(timer);
      writer.kill();
    }
    expect(maxPauseMs).toBeLessThan(500);
  });
});

describe("a source of packets", () => {
  const worker = defineMediaWorker({
    parameters: Type.Object({}),
    initProcess: (format) => {
      let frames = 0;
      return {
        streams: allStreams(format, () => frames++),
        endingProcess: () => ({ parameters: { frames } }),
      };
    },
  });

  it("is read as the packets arrive", async () => {
    const bytes = readFileSync(await media("h264-b.ts"));
    async function* pieces() {
      for (let at = 0; at < bytes.length; at += 1000) {
        await new Promise((resolve) => setImmediate(resolve));
        yield bytes.subarray(at, at + 1000);
      }
    }
    const outcome = await startMediaJob(worker, { source: source.packets(pieces()) }).result;
    expect(outcome).toMatchObject({ status: "completed", parameters: { frames: 50 } });
  });

  it("fails the job when it throws", async () => {
    const bytes = readFileSync(await media("h264-b.ts"));
    async function* pieces() {
      yield bytes.subarray(0, bytes.length / 2);
      throw new Error("the line is cut");
    }
    const outcome = await startMediaJob(worker, { source: source.packets(pieces()) }).result;
    expect(outcome.status).toBe("error");
    expect(outcome.message).toBe("reading the source failed: Error: the line is cut [SOURCE_FAILED]");
  });

  it("fails the job when it throws before the first packet", async () => {
    // biome-ignore lint/correctness/useYield: it throws first
    async function* pieces(): AsyncGenerator<Uint8Array> {
      throw new Error("there is no line");
    }
    const outcome = await startMediaJob(worker, { source: source.packets(pieces()) }).result;
    expect(outcome.message).toMatch(/cannot be opened: Error: there is no line/);
  });

  it("can be stopped while it waits for packets", async () => {
    const bytes = readFileSync(await media("h264-b.ts"));
    let waits: () => void = () => undefined;
    const waiting = new Promise<void>((resolve) => {
      waits = resolve;
    });
    async function* pieces() {
      yield bytes;
      waits();
      await new Promise(() => undefined);
    }
    const job = startMediaJob(worker, { source: source.packets(pieces()) });
    await waiting;
    job.stop();
    expect(await job.result).toMatchObject({ status: "stopped" });
  });
});

describe("frames without timestamps", () => {
  it.each([
    ["raw.h264", x264],
    ["raw.hevc", "-c:v libx265 -preset ultrafast -x265-params log-level=none"],
  ])("follow each other at the rate of the stream in %s", async (name, codec) => {
    const path = await makeMedia(name, `${video(1)} ${codec}`);
    const run = await runMedia(path, { video: {} });
    expect(run.timesMs).toEqual(Array.from({ length: 25 }, (_, i) => i * 40));
    const slow = await runMedia(path, { video: { frameRate: 5 } });
    expect(slow.timesMs).toEqual([0, 200, 400, 600, 800]);
  });

  it.each(["mp3", "m4a", "flac"])("come once, at the start, for an attached picture in %s", async (extension) => {
    const cover = await makeMedia("cover.png", "-f lavfi -i testsrc2=s=64x48:d=0.04 -frames:v 1");
    const options = `${audio(1)} -i ${cover} -map 0 -map 1 -c:v copy -disposition:v attached_pic`;
    const path = await makeMedia(`cover.${extension}`, options);
    const times = new Map<string, number[]>();
    const outcome = await runStreams(path, (format) =>
      allStreams(format, (index, timeMs = Number.NaN) => {
        const { kind = "" } = format.streams[index] ?? {};
        times.set(kind, [...(times.get(kind) ?? []), timeMs]);
      }),
    );
    expect(outcome).toMatchObject({ status: "completed", message: "" });
    expect(times.get("video")).toEqual([0]);
    expect(times.get("audio")?.length).toBeGreaterThan(10);
    expect(outcome.progress.length).toBeGreaterThan(5);
  });
});

describe("damage", () => {
  it("is counted and logged, and the rest is decoded", async () => {
    const bytes = readFileSync(await media("mpeg2.ts"));
    for (let at = 20_000; at < 40_000; at += 37) bytes[at] = (bytes[at] as number) ^ 0x55;
    const path = join(folder, "damaged.ts");
    writeFileSync(path, bytes);
    const warnings: string[] = [];
    let count = 0;
    const runDamaged = (fails: boolean) =>
      runStreams(path, (format, job) => {
        count = 0;
        job.log.warn = (message) => void warnings.push(message);
        return allStreams(format, () => {
          if (++count > 45 && fails) throw new Error("enough");
        });
      });
    expect((await runDamaged(false)).status).toBe("completed");
    expect(count).toBeGreaterThan(40);
    const reports = () =>
      warnings.filter((text) => /^stream 0: \d damaged packets or frames; the others were/.test(text));
    expect(reports()).toHaveLength(1);
    // Damage is also logged for a job that fails.
    expect((await runDamaged(true)).status).toBe("error");
    expect(reports()).toHaveLength(2);
  });
});

it("fails the job if initProcess returns no streams", async () => {
  const test = await startTestWorker(
    defineMediaWorker({ parameters: Type.Object({}), initProcess: () => undefined as never }),
  );
  const values = { source_path: await media("h264-b.mp4"), destination_path: newDestination() };
  const parameters = Object.entries(values).map(([id, value]) => ({ id, type: "string", value }));
  await test.send({ type: "job", job_id: 1, parameters }, { canDelay: false });
  const error = await test.next("job_error");
  expect(error.parameters[0]?.value).toMatch(/^initProcess: expected \{ streams: \[…\] \}, got undefined/);
  await test.close();
});
