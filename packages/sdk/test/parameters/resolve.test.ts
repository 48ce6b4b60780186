import { describe, expect, it } from "vitest";
import type { Parameter } from "../../src/order/order.ts";
import { ParameterError } from "../../src/parameters/faults.ts";
import { type TObject, Type } from "../../src/schema/typebox.ts";
import { Secret } from "../../src/worker/secret.ts";
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

  describe("with numbers that JavaScript does not keep", () => {
    const numbers = Type.Object({
      n: Type.Optional(Type.Integer()),
      rows: Type.Optional(Type.Array(Type.Object({ size: Type.Number() }))),
      map: Type.Optional(Type.Record(Type.String(), Type.Any())),
      key: Type.Optional(Secret({ type: "integer" })),
      level: Type.Number({ default: 7 }),
    });
    const resolveText = (parameters: string) => {
      const texts = parameters.split(";").map((one) => `{"type":"any",${one}}`);
      return resolve(numbers, order(`{"job_id":1,"parameters":[${texts.join()}]}`).parameters);
    };
    const exact = "expected a number that is kept exactly, got";
    const range = "expected a number from -1.7976931348623157e+308 to 1.7976931348623157e+308, got";

    it.each([
      [
        '"id":"n","value":9007199254740993',
        `n: ${exact} 9007199254740993, which would become 9007199254740992; send it as a string`,
      ],
      [
        '"id":"n","default":-9007199254740993',
        `n: ${exact} -9007199254740993, which would become -9007199254740992; send it as a string`,
      ],
      ['"id":"level","value":1e400', `level: ${range} 1e400`],
      ['"id":"level","default":-1e400', `level: ${range} -1e400`],
      ['"id":"rows","value":[{"size":1},{"size":1e999}]', `rows[1].size: ${range} 1e999`],
      [
        '"id":"map","value":{"a":{"b":[9007199254740993]}}',
        `map.a.b[0]: ${exact} 9007199254740993, which would become 9007199254740992; send it as a string`,
      ],
      ['"id":"key","value":9007199254740993', `key: ${exact} a number that is not shown`],
    ])("names the fault of %s", async (parameters, message) => {
      expect((await errorOf(resolveText(parameters))).message).toBe(message);
    });

    it("ignores those of undeclared parameters, of unused defaults, and of parameters that are given again", async () => {
      const text = '"id":"other","value":1e400;"id":"n","value":1e400;"id":"n","value":3,"default":1e400';
      expect((await resolveText(text)).values).toEqual({ n: 3, level: 7 });
    });

    it("keeps large numbers that are doubles", async () => {
      const text =
        '"id":"level","value":1e22;"id":"n","value":9007199254740992;"id":"map","value":{"a":[0.1,-0,1e-400]}';
      expect((await resolveText(text)).values).toEqual({ level: 1e22, n: 2 ** 53, map: { a: [0.1, -0, 0] } });
    });

    it("names those in a string from a store that is parsed, without showing them", async () => {
      const stored: Parameter[] = [{ id: "rows", type: "any", store: "env", value: "ROWS" }];
      const error = await errorOf(resolve(numbers, stored, { ROWS: '[{"size":1e400}]' }));
      expect(error.message).toBe(`rows[0].size: ${range} a number that is not shown`);
      const text = Type.Object({ text: Type.String() });
      const kept = await resolve(text, [{ id: "text", type: "any", store: "env", value: "ROWS" }], { ROWS: "1e400" });
      expect(kept.values).toEqual({ text: "1e400" });
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
