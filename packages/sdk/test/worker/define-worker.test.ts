import { describe, expect, expectTypeOf, it } from "vitest";
import { defineWorker, type Job, Secret, Type } from "../../src/index.ts";
import { runJob } from "../../src/testing.ts";

describe("defineWorker", () => {
  it("infers the types of parameters, context and results", async () => {
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

  it.each<[string, unknown, RegExp]>([
    ["undefined", undefined, /what defineWorker\(.*\) returns, or an instance of Worker/],
    [
      "options without process or initProcess",
      { parameters: Type.Object({}) },
      /expected process or initProcess; found parameters/,
    ],
    [
      "options with process and initProcess",
      { parameters: Type.Object({}), process: () => {}, initProcess: () => {} },
      /and not both/,
    ],
    ["options without parameters", { process: () => {} }, /parameters: expected an object schema/],
    [
      "parameters with the schema of a string",
      { parameters: Type.String(), process: () => {} },
      /parameters: expected an object schema/,
    ],
    [
      "results with the schema of an array",
      { parameters: Type.Object({}), results: Type.Array(Type.String()), process: () => {} },
      /^results: /,
    ],
    [
      "a setup that is not a function",
      { parameters: Type.Object({}), setup: 1, process: () => {} },
      /^setup: expected a function/,
    ],
  ])("rejects %s", (_, options, text) => {
    expect(() => defineWorker(options as never)).toThrow(text);
  });
});
