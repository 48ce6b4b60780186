import { describe, expect, it } from "vitest";
import { defineWorker, Type } from "../../src/index.ts";
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
      "parameters.f: a Float32Array is not a JSON value; use Array.from(…)",
    ]);
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
