import { describe, expect, it } from "vitest";
import type { Parameter } from "../../src/order/order.ts";
import { ParameterError } from "../../src/parameters/faults.ts";
import { type TObject, Type } from "../../src/schema/typebox.ts";
import { describeCases } from "../support/cases.ts";
import { type Expected, errorOf, given, order, resolve } from "../support/parameters.ts";

describeCases<{ message: string; schema?: TObject; env?: Record<string, string> }, Expected>(
  "job_parameters.json",
  async ({ input, expected }) => {
    const schema = input.schema ?? Type.Object({ key: Type.String() });
    const resolving = resolve(schema, order(input.message).parameters, input.env);
    if (expected.error) expect(await errorOf(resolving)).toBeInstanceOf(ParameterError);
    else expect((await resolving).values).toEqual(expected.parameters);
  },
);

describe("resolveParameters", () => {
  const schema = Type.Object({
    path: Type.String(),
    threshold: Type.Number({ default: 0.5 }),
    tiles: Type.Optional(Type.Array(Type.Object({ width: Type.Integer({ minimum: 1 }) }), { default: [] })),
    mode: Type.Optional(Type.Union([Type.Literal("fast"), Type.Literal("good")])),
  });

  it("takes the value, else the default, else the default of the schema, and treats null as absent", async () => {
    const parameters: Parameter[] = [
      { id: "path", type: "string", value: null, default: "/a" },
      { id: "threshold", type: "float", value: null, default: null },
      { id: "unknown", type: "string", value: "ignored" },
      { id: "__proto__", type: "string", value: { polluted: true } },
    ];
    expect((await resolve(schema, parameters)).values).toEqual({ path: "/a", threshold: 0.5, tiles: [] });
    expect({}).not.toHaveProperty("polluted");
  });

  it("applies the defaults inside a value", async () => {
    const deep = Type.Object({ tiles: Type.Array(Type.Object({ width: Type.Integer({ default: 4 }) })) });
    expect((await resolve(deep, given({ tiles: [{}, { width: 8 }] }))).values).toEqual({
      tiles: [{ width: 4 }, { width: 8 }],
    });
  });

  it("takes the last of two parameters with the same id", async () => {
    const { values } = await resolve(schema, [...given({ path: "/a" }), ...given({ path: "/b" })]);
    expect(values.path).toBe("/b");
  });

  it("keeps null if the schema allows null", async () => {
    const nullable = Type.Object({ note: Type.Union([Type.String(), Type.Null()]) });
    expect((await resolve(nullable, given({ note: null }))).values).toEqual({ note: null });
  });

  it("does not share a default value between jobs", async () => {
    const first = await resolve(schema, given({ path: "/a" }));
    (first.values.tiles as unknown[]).push("mine");
    expect((await resolve(schema, given({ path: "/b" }))).values).toEqual({ path: "/b", threshold: 0.5, tiles: [] });
  });

  it("coerces nothing, and reports path, value and expectation of each fault", async () => {
    const wrong = { threshold: "8", tiles: [{ width: 4 }, { width: 0 }, { width: "x" }], mode: "slow" };
    const error = (await errorOf(resolve(schema, given(wrong)))) as ParameterError;
    expect(error.message.split("\n")).toEqual([
      "path: is missing, expected string",
      'threshold: expected number, got "8" (string)',
      "tiles[1].width: expected integer that must be >= 1, got 0 (number)",
      'tiles[2].width: expected integer, got "x" (string)',
      'mode: expected "fast" or "good", got "slow" (string)',
    ]);
    expect(error.faults.map(({ path }) => path)).toContain("tiles[1].width");
  });

  it("reports each of 50 faults of any kind on its own line", async () => {
    const names = Array.from({ length: 25 }, (_, i) => `p${i}`);
    const big = Type.Object(
      Object.fromEntries([...names, ...names.map((n) => `q${n}`)].map((n) => [n, Type.Integer()])),
    );
    const error = await errorOf(resolve(big, given(Object.fromEntries(names.map((name) => [name, "x"])))));
    expect(error.message.split("\n")).toHaveLength(50);
    const stored = names.map((id) => ({ id, type: "integer", store: "env", value: `NO_${id}` }));
    const lines = (await errorOf(resolve(big, stored))).message.split("\n");
    expect(lines).toHaveLength(50);
    expect(lines[0]).toBe("p0: store env: the environment variable NO_p0 is not set");
  });
});
