import * as UserTypebox from "typebox";
import { Check } from "typebox/value";
import { describe, expect, expectTypeOf, it } from "vitest";
import { defineWorker, type Job, type JobHandle, JobStopped, Secret, type Static, Type, Worker } from "../src/index.ts";
import { fromStore, runJob } from "../src/testing.ts";

const echo = defineWorker({
  parameters: Type.Object({ n: Type.Integer({ default: 1 }) }),
  process: ({ n }) => ({ parameters: { n } }),
});

describe("defineWorker", () => {
  it("infers parameters, context and results", async () => {
    const results = Type.Object({ score: Type.Number(), hits: Type.Integer() });
    const worker = defineWorker({
      parameters: Type.Object({ path: Type.String(), limit: Type.Optional(Type.Number()), token: Secret() }),
      results,
      setup: async () => ({ score: (path: string) => path.length }),
      teardown: (model) => expectTypeOf(model.score).toBeFunction(),
      process(p, job, model) {
        expectTypeOf(p).toEqualTypeOf<{ path: string; limit?: number; token: string }>();
        expectTypeOf(job).toEqualTypeOf<Job<typeof results>>();
        expectTypeOf(model.score).toEqualTypeOf<(path: string) => number>();
        return { parameters: { score: model.score(p.path), hits: 1 } };
      },
    });
    const outcome = await runJob(worker, { path: "abc", token: "t0ken" });
    expect(outcome).toMatchObject({ status: "completed", parameters: { score: 3, hits: 1 } });
    expect(outcome.types).toEqual({ score: "float", hits: "integer" });
    // @ts-expect-error: a path is a string
    expect((await runJob(worker, { path: 1, token: "t0ken" })).status).toBe("error");
    // @ts-expect-error: a fake must fit what setup returns
    expect((await runJob(worker, { path: "a", token: "t" }, { context: { scores: 1 } })).status).toBe("error");
    // @ts-expect-error: hits is an integer
    defineWorker({
      parameters: Type.Object({}),
      results: worker.results,
      process: () => ({ parameters: { hits: "1", score: 1 } }),
    });
  });

  it("takes schemas that were made with the user's own typebox", async () => {
    const { Type: Theirs } = UserTypebox;
    const worker = defineWorker({
      parameters: Theirs.Object({ a: Theirs.String() }),
      process: ({ a }) => ({ parameters: { a } }),
    });
    expect((await runJob(worker, { a: "x" })).parameters).toEqual({ a: "x" });
    expect(Check(Type.Object({ a: Type.String() }), { a: "x" })).toBe(true);
  });

  it.each<[string, unknown, RegExp]>([
    ["nothing", undefined, /what defineWorker\(.*\) returns, or an instance of Worker/],
    ["no process", { parameters: Type.Object({}) }, /either process or initProcess/],
    ["both", { parameters: Type.Object({}), process: () => {}, initProcess: () => {} }, /and not both/],
    ["no schema", { process: () => {} }, /parameters: expected the schema of an object/],
    [
      "a schema of a text",
      { parameters: Type.String(), process: () => {} },
      /parameters: expected the schema of an object/,
    ],
    [
      "results of a list",
      { parameters: Type.Object({}), results: Type.Array(Type.String()), process: () => {} },
      /^results: /,
    ],
    [
      "a setup that is no function",
      { parameters: Type.Object({}), setup: 1, process: () => {} },
      /^setup: expected a function/,
    ],
  ])("refuses %s", (_, options, text) => {
    expect(() => defineWorker(options as never)).toThrow(text);
  });
});

describe("a job", () => {
  it("reports each whole percent once, however often it is told", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => {
        for (let i = 0; i <= 1_000_000; i++) job.progress(i / 10_000);
      },
    });
    const { progress } = await runJob(worker, {});
    expect(progress).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
  });

  it("cuts progress to 0…100, and refuses what is no number", async () => {
    const told = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => [-5, 0.9, 300, Number.POSITIVE_INFINITY].forEach((percent) => void job.progress(percent)),
    });
    expect((await runJob(told, {})).progress).toEqual([100]);
    const wrong = defineWorker({ parameters: Type.Object({}), process: (_, job) => job.progress(Number.NaN) });
    expect((await runJob(wrong, {})).message).toMatch(/job\.progress: expected a number from 0 to 100/);
  });

  it("stops at a checkpoint, by its signal or by polling; results of one that returns are kept", async () => {
    const parameters = Type.Object({});
    const ways = {
      checkpoint: async (job: Job) => {
        for (;;) await job.checkpoint();
      },
      signal: (job: Job) =>
        new Promise((_, reject) => job.signal.addEventListener("abort", () => reject(job.signal.reason))),
      abortError: (job: Job) =>
        import("node:timers/promises").then((t) => t.setTimeout(60_000, 0, { signal: job.signal })),
      polling: async (job: Job) => {
        while (!job.stopped) await new Promise((resolve) => setImmediate(resolve));
      },
    };
    for (const [name, wait] of Object.entries(ways)) {
      const worker = defineWorker({
        parameters,
        async process(_, job) {
          job.progress(50);
          await wait(job);
          return { parameters: { kept: name } };
        },
      });
      const outcome = await runJob(worker, {}, { stopAfterProgress: 50 });
      expect(outcome, name).toMatchObject({ status: "stopped", parameters: name === "polling" ? { kept: name } : {} });
    }
  });

  it("keeps the result given to throwIfStopped or checkpoint when it is stopped", async () => {
    const results = Type.Object({ tiles: Type.Integer() });
    const stopped = (job: Job) => job.stopped;
    const ways = {
      throwIfStopped: (job: Job<typeof results>) => job.throwIfStopped({ parameters: { tiles: 3 } }),
      checkpoint: (job: Job<typeof results>) =>
        job.checkpoint({ destinationPaths: ["/tiles"], parameters: { tiles: 3 } }),
      // @ts-expect-error: tiles is an integer
      wrong: (job: Job<typeof results>) => job.throwIfStopped({ parameters: { tiles: "3" } }),
      // @ts-expect-error: tiles is an integer
      wrongAtCheckpoint: (job: Job<typeof results>) => job.checkpoint({ parameters: { tiles: "3" } }),
    };
    const outcomeOf = (stop: (job: Job<typeof results>) => void | Promise<void>) =>
      runJob(
        defineWorker({
          parameters: Type.Object({}),
          results,
          async process(_, job) {
            await stop(job);
            job.progress(1);
            while (!stopped(job)) await new Promise((resolve) => setImmediate(resolve));
            await stop(job);
            return { parameters: { tiles: 0 } };
          },
        }),
        {},
        { stopAfterProgress: 1 },
      );
    expect(await outcomeOf(ways.throwIfStopped)).toMatchObject({ status: "stopped", parameters: { tiles: 3 } });
    expect(await outcomeOf(ways.checkpoint)).toMatchObject({
      status: "stopped",
      parameters: { tiles: 3 },
      destinationPaths: ["/tiles"],
    });
    expect(await outcomeOf((job) => job.throwIfStopped())).toMatchObject({ status: "stopped", parameters: {} });
    expect((await outcomeOf(ways.wrong)).message).toContain('parameters.tiles: expected integer, got "3" (string)');
  });

  it("that throws another error after a stop has failed", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      async process(_, job) {
        job.progress(1);
        await job.checkpoint().catch(() => undefined);
        while (!job.stopped) await new Promise((resolve) => setImmediate(resolve));
        throw new Error("disk full");
      },
    });
    expect(await runJob(worker, {}, { stopAfterProgress: 1 })).toMatchObject({
      status: "error",
      message: "Error: disk full",
    });
  });

  it("can stop by itself", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: () => {
        throw new JobStopped("taken down", { result: { parameters: { tiles: 3 } } });
      },
    });
    expect(await runJob(worker, {})).toMatchObject({ status: "stopped", parameters: { tiles: 3 } });
  });

  it.each<[string, unknown, string]>([
    ["an error", new RangeError("too far"), "RangeError: too far"],
    ["a text", "just a text", "just a text"],
    ["nothing", undefined, "thrown value: nothing"],
  ])("that throws %s fails with it", async (_, thrown, message) => {
    const worker = defineWorker({ parameters: Type.Object({}), process: () => Promise.reject(thrown) });
    expect(await runJob(worker, {})).toMatchObject({ status: "error", message });
  });

  it("has at least one thread, and as many as MCAI_THREADS says", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: (_, job) => ({ parameters: { n: job.threads } }),
    });
    expect((await runJob(worker, {})).parameters.n).toBeGreaterThanOrEqual(1);
    expect((await runJob(worker, {}, { environment: { MCAI_THREADS: "3" } })).parameters).toEqual({ n: 3 });
  });

  it("shows no secret in its error, however it got it", async () => {
    const worker = defineWorker({
      parameters: Type.Object({ inline: Secret(), stored: Type.String() }),
      process: ({ inline, stored }) => {
        throw new Error(`401 for https://u:${encodeURIComponent(stored)}@host/${inline}`);
      },
    });
    const outcome = await runJob(
      worker,
      { inline: "sesame-1", stored: fromStore("BACKEND", "KEY") },
      { stores: { BACKEND: { KEY: "p@ss/word" } } },
    );
    expect(outcome.message).toBe("Error: 401 for https://u:[redacted]@host/[redacted]");
  });
});

describe("setup and teardown", () => {
  it("run once, around the jobs", async () => {
    const calls: string[] = [];
    const worker = defineWorker({
      parameters: Type.Object({}),
      setup: async () => calls.push("setup"),
      teardown: (context) => void calls.push(`teardown ${context}`),
      process: () => void calls.push("process"),
    });
    await runJob(worker, {});
    expect(calls).toEqual(["setup", "process", "teardown 1"]);
    await runJob(worker, {}, { context: 7 });
    expect(calls.slice(3)).toEqual(["process", "teardown 7"]);
  });

  it("failing says so", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      setup: () => Promise.reject(new Error("no model")),
      process: () => undefined,
    });
    await expect(runJob(worker, {})).rejects.toMatchObject({ code: "SETUP_FAILED", message: /no model/ });
  });
});

describe("results", () => {
  const send = (parameters: unknown, results?: ReturnType<typeof Type.Object>) =>
    runJob(defineWorker({ parameters: Type.Object({}), results, process: () => ({ parameters }) as never }), {});

  it("have their type by value", async () => {
    const values = {
      i: 3,
      f: 0.5,
      s: "é",
      b: false,
      ls: ["a"],
      li: [1, 2],
      lf: [1, 0.5],
      lb: [true],
      o: { a: 1 },
      n: null,
      e: [],
    };
    const outcome = await send({ ...values, left_out: undefined });
    expect(outcome.parameters).toEqual(values);
    expect(outcome.types).toEqual({
      i: "integer",
      f: "float",
      s: "string",
      b: "boolean",
      ls: "array_of_strings",
      li: "array_of_integers",
      lf: "array_of_floats",
      lb: "array_of_booleans",
      o: "json",
      n: "json",
      e: "array_of_strings",
    });
  });

  it("have their type by schema, or by hand", async () => {
    const schema = Type.Object({ score: Type.Number(), marks: Type.Array(Type.Number()) });
    expect((await send({ score: 1, marks: [] }, schema)).types).toEqual({ score: "float", marks: "array_of_floats" });
    const typed = await send({ segments: { type: "array_of_media_segments", value: [{ start: 0, end: 10 }] } });
    expect(typed.types).toEqual({ segments: "array_of_media_segments" });
    expect(typed.parameters).toEqual({ segments: [{ start: 0, end: 10 }] });
  });

  it("that cannot be sent are named, every one", async () => {
    const cycle: Record<string, unknown> = {};
    cycle.self = cycle;
    const { status, message } = await send({
      a: Number.NaN,
      b: 10n,
      c: cycle,
      d: new Date(0),
      e: { deep: [1, () => 1] },
      f: new Float32Array(2),
    });
    expect(status).toBe("error");
    expect(message.split("\n").slice(1)).toEqual([
      "parameters.a: NaN is no JSON number; leave it out, or send null",
      "parameters.b: a bigint is no JSON value; convert it to a number or a string",
      "parameters.c.self: a cycle; JSON holds trees only",
      "parameters.d: a Date is no JSON value; convert it to plain values",
      "parameters.e.deep[1]: a function is no JSON value; convert it to a number or a string",
      "parameters.f: a Float32Array is no JSON value; use Array.from(…)",
    ]);
  });

  it("are checked against their schema", async () => {
    const schema = Type.Object({ score: Type.Number(), hits: Type.Integer() });
    const { message } = await send({ score: "0.5" }, schema);
    expect(message).toContain('parameters.score: expected number, got "0.5" (string)');
    expect(message).toContain("parameters.hits: is missing, expected integer");
  });

  it.each<[string, unknown, RegExp]>([
    ["a list", [1], /the result: expected \{ destinationPaths, parameters \} or nothing/],
    ["paths that are no list", { destinationPaths: "/a" }, /destinationPaths: expected a list of strings, got "\/a"/],
    ["parameters that are a list", { parameters: [1] }, /parameters: expected an object/],
  ])("refuse %s", async (_, returned, text) => {
    const worker = defineWorker({ parameters: Type.Object({}), process: () => returned as never });
    expect((await runJob(worker, {})).message).toMatch(text);
  });
});

describe("the class Worker", () => {
  const parameters = Type.Object({ action: Type.String() });
  class Ported extends Worker<typeof parameters> {
    model = 0;
    override setup() {
      this.model = 42;
    }
    process(handle: JobHandle, { action }: Static<typeof parameters>, jobId: number) {
      handle.publishJobProgression(50);
      if (action === "stopped") handle.setJobStatus("stopped");
      if (action === "error") handle.setJobStatus("error");
      if (action === "message") {
        handle.setJobStatus("error");
        handle.setErrorMessage("chosen message");
      }
      return {
        destinationPaths: ["/a"],
        parameters: [
          { id: "model", kind: "integer", value: this.model },
          { id: "job", kind: "string", value: `${jobId} ${handle.isStopped()}` },
        ],
      };
    }
  }
  const run = (action: string) => runJob(new Ported(parameters), { action }, { jobId: 9 });

  it("does a job as the Python SDK's does", async () => {
    expect(await run("completed")).toEqual({
      status: "completed",
      parameters: { model: 42, job: "9 false" },
      types: { model: "integer", job: "string" },
      destinationPaths: ["/a"],
      progress: [50],
      message: "",
    });
  });

  it("chooses how the job ends by its handle", async () => {
    expect(await run("stopped")).toMatchObject({
      status: "stopped",
      parameters: { model: 42 },
      destinationPaths: ["/a"],
    });
    expect(await run("message")).toMatchObject({ status: "error", message: "chosen message" });
    expect((await run("error")).message).toMatch(/No message for this error/);
    expect(await runJob(echo, { n: 2 })).toMatchObject({ parameters: { n: 2 } });
  });
});
