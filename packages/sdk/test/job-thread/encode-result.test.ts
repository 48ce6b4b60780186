import { describe, expect, it } from "vitest";
import { defineWorker, MediaSegments, Type } from "../../src/index.ts";
import { encodeResult as encodeRunResult, toRunResult } from "../../src/job-thread/encode-result.ts";
import { encodeResult, JobClock } from "../../src/response/response.ts";
import { runJob } from "../../src/testing.ts";

describe("the results of a job", () => {
  const send = (parameters: unknown, results?: ReturnType<typeof Type.Object>) =>
    runJob(defineWorker({ parameters: Type.Object({}), results, process: () => ({ parameters }) as never }), {});

  it("have the type of their value", async () => {
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

  it("have the type of their schema, or the one that the worker sets", async () => {
    const schema = Type.Object({ score: Type.Number(), marks: Type.Array(Type.Number()) });
    expect((await send({ score: 1, marks: [] }, schema)).types).toEqual({ score: "float", marks: "array_of_floats" });
    const segments = Type.Object({ segments: MediaSegments() });
    expect((await send({ segments: [] }, segments)).types).toEqual({ segments: "array_of_media_segments" });
    const typed = await send({ segments: { type: "array_of_media_segments", value: [{ start: 0, end: 10 }] } });
    expect(typed.types).toEqual({ segments: "array_of_media_segments" });
    expect(typed.parameters).toEqual({ segments: [{ start: 0, end: 10 }] });
  });

  it("are all named if they cannot be sent", async () => {
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
      "parameters.a: NaN is not a JSON number; leave it out or use null",
      "parameters.b: a bigint is not a JSON value; convert it to a number or a string",
      "parameters.c.self: contains a cycle, which JSON cannot represent",
      "parameters.d: a Date is not a JSON value; convert it to plain values",
      "parameters.e.deep[1]: a function is not a JSON value; convert it to a number or a string",
      "parameters.f: a Float32Array is not a JSON value; use Array.from(…) [RESULT_INVALID]",
    ]);
  });

  const nested = (levels: number, inner: unknown = 1) => {
    let value = inner;
    for (let level = 0; level < levels; level++) value = level % 2 ? { a: value } : [value];
    return value;
  };

  it("are nested at most 64 levels deep", async () => {
    expect((await send({ deep: nested(64) })).parameters).toEqual({ deep: nested(64) });
    const path = `parameters.deep${".a[0]".repeat(32)}`;
    for (const levels of [66, 20_000])
      expect((await send({ deep: nested(levels) })).message.split("\n")[1]).toBe(
        `${path}: is nested more than 64 levels deep [RESULT_INVALID]`,
      );
  });

  it("name the path of a fault in a long list", async () => {
    const list = Array.from({ length: 100_000 }, (_, n) => [n]);
    const { message } = await send({ list: [...list, [0, Number.POSITIVE_INFINITY]] });
    expect(message).toContain("parameters.list[100000][1]: Infinity is not a JSON number");
  });

  it("that hold one value many times over fail, and do not take all memory", { timeout: 20_000 }, async () => {
    let many: unknown = 1;
    for (let level = 0; level < 60; level++) many = [many, many];
    expect((await send({ many })).message).toContain("has more than 16777216 values");
  });

  describe("beyond 2^53 − 1", () => {
    const text = (value: number) =>
      `${value} is an integer beyond ±9007199254740991, where integers are not exact; return it as a string, or declare it as Type.Number()`;

    it.each<[string, unknown, string]>([
      ["an integer", 2 ** 53, `parameters.n: ${text(2 ** 53)}`],
      ["a negative integer", -(2 ** 60), `parameters.n: ${text(-(2 ** 60))}`],
      ["one inside a list", [1, { a: 1e22 }], `parameters.n[1].a: ${text(1e22)}`],
      ["one with a type of its own", { type: "integer", value: 2 ** 53 }, `parameters.n: ${text(2 ** 53)}`],
    ])("%s is a fault", async (_, n, line) => {
      for (const schema of [undefined, Type.Object({ n: Type.Any() })])
        expect((await send({ n }, schema)).message.replace(" [RESULT_INVALID]", "").split("\n")[1]).toBe(line);
      expect((await send({ n }, Type.Object({ n: Type.Integer() }))).message).toContain(line);
    });

    it("a number that its schema or its type declares as a float is sent", async () => {
      const row = Type.Object({ size: Type.Number(), sizes: Type.Array(Type.Union([Type.Null(), Type.Number()])) });
      const schema = Type.Object({ n: Type.Number(), rows: Type.Array(row), byName: Type.Record(Type.String(), row) });
      const one = { size: 1e22, sizes: [null, 1.7e308] };
      const values = { n: -1e300, rows: [one], byName: { b: one } };
      expect((await send(values, schema)).parameters).toEqual(values);
      const typed = { a: { type: "float", value: 2 ** 53 }, b: { type: "array_of_floats", value: [1e300] } };
      expect((await send(typed)).parameters).toEqual({ a: 2 ** 53, b: [1e300] });
      expect((await send({ n: Number.MAX_SAFE_INTEGER })).parameters).toEqual({ n: Number.MAX_SAFE_INTEGER });
    });
  });

  it("of 14 MB of nested arrays cost the main thread a fraction of a second", () => {
    const few = toRunResult({ parameters: { value: [nested(62)] } }, undefined, true);
    const { parameters } = encodeRunResult(few);
    const item = JSON.stringify(nested(62));
    const encoded = { destinationPaths: "[]", parameters: parameters.replace(item, Array(60_000).fill(item).join()) };
    const report = JSON.stringify({ kind: "ended", serial: 1, end: { status: "completed", result: encoded } });
    const startMs = performance.now();
    const { end } = JSON.parse(report) as { end: { result: typeof encoded } };
    const { body } = encodeResult("job_completed", new JobClock().toResult(1, "completed"), end.result);
    expect(performance.now() - startMs).toBeLessThan(400);
    expect(body.length).toBeGreaterThan(14_000_000);
    expect(Buffer.from(body.subarray(0, 160)).toString()).toMatch(
      /^\{"job_id":1,"status":"completed","destination_paths":\[\],"parameters":\[\{"id":"value","type":"json"/,
    );
  });

  it("are validated against their schema", async () => {
    const schema = Type.Object({ score: Type.Number(), hits: Type.Integer() });
    const { message } = await send({ score: "0.5" }, schema);
    expect(message).toContain('parameters.score: expected number, got "0.5" (string)');
    expect(message).toContain("parameters.hits: is missing, expected integer");
  });

  it.each<[string, unknown, RegExp]>([
    ["an array", [1], /the result: expected \{ destinationPaths, parameters \} or nothing/],
    [
      "an object whose destinationPaths are not an array",
      { destinationPaths: "/a" },
      /destinationPaths: expected a list of strings, got "\/a"/,
    ],
    ["an object whose parameters are an array", { parameters: [1] }, /parameters: expected an object/],
  ])("fail the job if they are %s", async (_, returned, text) => {
    const worker = defineWorker({ parameters: Type.Object({}), process: () => returned as never });
    expect((await runJob(worker, {})).message).toMatch(text);
  });
});
