import { JobPostponed, type Parameter, Type } from "@mcai/worker-sdk";
import { runJob, startTestWorker } from "@mcai/worker-sdk/testing";
import { describe, expect, it } from "vitest";
import { defineMediaWorker, pcmStream, videoStream } from "../src/index.ts";
import { source, startMediaJob } from "../src/testing.ts";
import { makeMedia, media, newDestination } from "./support/media.ts";

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const clip = await makeMedia("clip.y4m", "-f lavfi -i testsrc2=size=32x24:rate=25:duration=4 -pix_fmt yuv420p");

interface Look {
  readonly level: number;
  readonly timeMs: number | undefined;
}

/** A worker that records its calls, and handles each frame when the test allows it. */
function makeWorker(hooks: { fails?: "init" | "handler" | "streams" | "ending" } = {}) {
  const events: string[] = [];
  const looks: Look[] = [];
  // How many frames the handler may take, and how to wake it.
  let allowed = Number.POSITIVE_INFINITY;
  let wake: () => void = () => undefined;
  const worker = defineMediaWorker({
    parameters: Type.Object({ level: Type.Integer({ default: 1, maximum: 9 }) }),
    results: Type.Object({ looks: Type.Integer() }),
    initProcess(format, { level: first }) {
      events.push("init");
      if (hooks.fails === "init") throw new Error("no model");
      let level = first;
      const stream = videoStream(format.first("video"), {}, async ([frame]) => {
        while (allowed <= 0)
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        allowed--;
        if (hooks.fails === "handler") throw new Error("the model is tired");
        looks.push({ level, timeMs: frame?.timeMs });
      });
      return {
        streams: hooks.fails === "streams" ? [] : [stream],
        updateProcess(changed) {
          events.push(`update ${JSON.stringify(changed)}`);
          if (changed.level === 7) throw new Error("not seven");
          level = changed.level ?? level;
        },
        endingProcess(why) {
          events.push(why);
          if (hooks.fails === "ending") throw new Error("the disk is gone");
          return { parameters: { looks: looks.length } };
        },
      };
    },
  });
  /** Lets the handler take a number of frames, and then wait. */
  const allow = (count: number) => {
    allowed = count;
    wake();
  };
  return { worker, events, looks, allow };
}

type OrderType = "job" | "init_process" | "start_process" | "update_process" | "stop_process";
const order = (type: OrderType, values: Record<string, string | number> = {}) => ({
  type,
  job_id: 5,
  parameters: Object.entries(values).map(([id, value]): Parameter => ({ id, type: typeof value, value })),
});
const paths = () => ({ source_path: clip, destination_path: newDestination() });

describe("a media job with orders for its process", () => {
  it("is initialised, started, updated and stopped", async () => {
    const { worker, events, looks, allow } = makeWorker();
    allow(0);
    const test = await startTestWorker(worker);
    const send = (type: OrderType, values?: Record<string, string | number>) =>
      test.send(order(type, values), { direct: true });
    await send("init_process", { ...paths(), level: 2 });
    await test.next("worker_initialized");
    await send("update_process", { level: 3 });
    await test.next("worker_updated");
    expect(events).toEqual(["init", 'update {"level":3}']);
    void send("start_process");
    await test.next("worker_started");
    allow(10);
    await expect.poll(() => looks.length).toBe(10);
    await send("update_process", { level: 4 });
    await test.next("worker_updated");
    allow(10);
    await expect.poll(() => looks.length).toBe(20);
    const stopping = send("stop_process");
    // The current handler ends; no other is called.
    allow(50);
    await stopping;
    const stopped = await test.next("job_stopped");
    await test.close();
    expect(events).toEqual(["init", 'update {"level":3}', 'update {"level":4}', "stopped"]);
    expect(looks.map(({ timeMs }) => timeMs)).toEqual(looks.map((_, i) => i * 40));
    expect(looks.map(({ level }) => level)).toEqual([...Array(10).fill(3), ...Array(looks.length - 10).fill(4)]);
    expect(looks.length).toBeLessThan(70);
    expect(stopped.parameters).toEqual([expect.objectContaining({ id: "looks", value: looks.length })]);
  });

  it("keeps its parameters when an update is rejected", async () => {
    const { worker, events, looks, allow } = makeWorker();
    allow(0);
    const test = await startTestWorker(worker);
    const job = test.send(order("job", paths()), { canDelay: false });
    await test.next("job_progression");
    for (const values of [{ level: 10 }, { level: 7 }, { source_path: "other.mp4" }]) {
      await test.send(order("update_process", values), { direct: true });
      expect(await test.next("worker_updated")).toMatchObject({ status: "error" });
    }
    allow(100);
    await job;
    await test.close();
    expect(events).toEqual(["init", 'update {"level":7}', "completed"]);
    expect(looks.every(({ level }) => level === 1)).toBe(true);
    expect(looks).toHaveLength(100);
  });

  it("can be stopped before it is started", async () => {
    const { worker, events } = makeWorker();
    const test = await startTestWorker(worker);
    await test.send(order("init_process", paths()), { direct: true });
    await test.next("worker_initialized");
    await test.send(order("stop_process"), { direct: true });
    await test.next("job_stopped");
    // The next job finds the worker in its initial state.
    await test.send(order("job", paths()), { canDelay: false });
    await test.next("job_completed");
    await test.close();
    expect(events).toEqual(["init", "stopped", "init", "completed"]);
  });
});

describe("endingProcess", () => {
  it.each<
    [fails: "init" | "handler" | "streams" | "ending" | undefined, kind: "job_completed" | "job_error", string[]]
  >([
    [undefined, "job_completed", ["init", "completed"]],
    ["init", "job_error", ["init"]],
    ["handler", "job_error", ["init", "failed"]],
    ["streams", "job_error", ["init", "failed"]],
    ["ending", "job_error", ["init", "completed"]],
  ])("is called once after a successful initProcess; failing: %s", async (fails, kind, expected) => {
    const { worker, events } = makeWorker({ ...(fails && { fails }) });
    const test = await startTestWorker(worker);
    await test.send(order("job", paths()), { canDelay: false });
    await test.next(kind);
    await test.close();
    expect(events).toEqual(expected);
  });

  it("is not called if the source or the parameters are invalid", async () => {
    const { worker, events } = makeWorker();
    const test = await startTestWorker(worker);
    await test.send(order("job", { ...paths(), source_path: "none.mp4" }), { canDelay: false });
    await test.next("job_error");
    await test.send(order("job", { ...paths(), level: 10 }), { canDelay: false });
    await test.next("job_error");
    await test.close();
    expect(events).toEqual([]);
  });
});

describe("a postponed media job", () => {
  it.each(["initProcess", "handler"])("by its %s has the reason as its message, and names no file", async (where) => {
    const postpone = () => {
      throw new JobPostponed("no licence is free");
    };
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess(format, _, job) {
        if (where === "initProcess") postpone();
        const onFrames = async ([frame]: readonly unknown[]) => {
          await job.output.json().write({ some: typeof frame });
          postpone();
        };
        return { streams: [videoStream(format.first("video"), {}, onFrames)] };
      },
    });
    const outcome = await startMediaJob(worker, { source: clip }).result;
    expect(outcome).toMatchObject({ status: "error", postponed: true, message: "no licence is free" });
  });
});

describe("progress", () => {
  it.each<[string, object, parameters: object]>([
    ["the whole source", {}, {}],
    ["a part", {}, { sdk_start_index: 1000, sdk_stop_index: 3000 }],
    ["batches", { batchSize: 7 }, {}],
    ["another frame rate", { frameRate: 100 }, {}],
  ])("is reported once for each percent, and never decreases, for %s", async (_, options, parameters) => {
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({ streams: [videoStream(format.first("video"), options, () => undefined)] }),
    });
    const { progress, status } = await startMediaJob(worker, { source: clip, parameters }).result;
    expect(status).toBe("completed");
    expect(progress).toEqual([...new Set(progress)].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(100);
    expect(progress.length).toBeGreaterThan(10);
    expect(progress.every((percent) => Number.isInteger(percent) && percent >= 0 && percent <= 100)).toBe(true);
  });

  it("is also reported for windows of audio", async () => {
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({
        streams: [pcmStream(format.first("audio"), { sampleRate: 8000, windowMs: 500 }, () => undefined)],
      }),
    });
    const path = await makeMedia("progress.wav", "-f lavfi -i sine=440:r=8000:d=5");
    const { progress } = await startMediaJob(worker, { source: path }).result;
    expect(progress).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 99, 100]);
  });

  it("counts handled frames, not decoded ones", async () => {
    let handled = 0;
    let handledAtHalf = 0;
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({
        streams: [
          videoStream(format.first("video"), {}, async () => {
            await sleep(5);
            handled++;
          }),
        ],
      }),
    });
    await runJob(
      worker,
      { source_path: await media("long12.mp4"), destination_path: newDestination() },
      {
        onResponse: ({ kind, body }) => {
          if (kind === "job_progression" && (body as { progression: number }).progression >= 50)
            handledAtHalf ||= handled;
        },
      },
    );
    expect(handledAtHalf).toBeGreaterThan(60);
  });
});

describe("the parameters of every media worker", () => {
  it("are in the schema with their defaults and limits", () => {
    const { worker } = makeWorker();
    expect(Object.keys(worker.parameters.properties)).toEqual([
      ...["level", "source_path", "destination_path", "batch_size", "sdk_start_index", "sdk_stop_index"],
    ]);
    expect(worker.parameters.required).toEqual(["level", "source_path", "destination_path", "batch_size"]);
    expect(worker.parameters.properties.batch_size).toMatchObject({ type: "integer", default: 1, minimum: 1 });
  });

  it.each(["source_path", "destination_path", "batch_size", "sdk_start_index", "sdk_stop_index"])(
    "cannot be declared by the worker: %s",
    (id) => {
      const declare = () =>
        defineMediaWorker({ parameters: Type.Object({ [id]: Type.String() }), initProcess: () => ({ streams: [] }) });
      expect(declare).toThrow(
        expect.objectContaining({ code: "WORKER_INVALID", message: expect.stringContaining(id) }),
      );
    },
  );

  it.each<[object, RegExp]>([
    [{ batch_size: 0 }, /batch_size: /],
    [{ batch_size: 1.5 }, /batch_size: /],
    [{ sdk_start_index: -1 }, /sdk_start_index: /],
    [{ sdk_stop_index: "later" }, /sdk_stop_index: /],
  ])("are validated: %o", async (parameters, message) => {
    const { worker } = makeWorker();
    const outcome = await startMediaJob(worker, { source: clip, parameters }).result;
    expect(outcome).toMatchObject({ status: "error", message: expect.stringMatching(message) });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    "include the batchSize of a descriptor, which is validated: %s",
    async (batchSize) => {
      const worker = defineMediaWorker({
        parameters: Type.Object({}),
        initProcess: (format) => ({ streams: [videoStream(format.first("video"), { batchSize }, () => undefined)] }),
      });
      const outcome = await startMediaJob(worker, { source: source.lavfi("testsrc2=d=1") }).result;
      expect(outcome.message).toMatch(/batchSize: expected a whole number from 1, got/);
    },
  );

  it("do not accept a stream that does not exist", async () => {
    const worker = defineMediaWorker({
      parameters: Type.Object({}),
      initProcess: (format) => ({ streams: [videoStream(format.streams[9] as never, {}, () => undefined)] }),
    });
    const outcome = await startMediaJob(worker, { source: source.lavfi("testsrc2=d=1") }).result;
    expect(outcome.message).toMatch(/videoStream: there is no such stream; use one of format.streams/);
  });
});
