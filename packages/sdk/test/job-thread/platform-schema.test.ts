import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defineWorker, MediaSegments, type TObject, type TSchema, Type } from "../../src/index.ts";
import { toPlatformSchema } from "../../src/job-thread/platform-schema.ts";
import { runJob } from "../../src/testing.ts";

const formOf = (schema: TSchema, id = "a") =>
  (toPlatformSchema(Type.Object({ [id]: schema })).properties as Record<string, unknown>)[id];

describe("the schema in a description", () => {
  it("has null among the types of a parameter that an order need not have", () => {
    expect(formOf(Type.Optional(Type.String({ title: "Note" })))).toEqual({ type: ["string", "null"], title: "Note" });
    expect(formOf(Type.Integer({ default: 5 }))).toEqual({ type: ["integer", "null"], default: 5 });
    expect(formOf(Type.String())).toEqual({ type: "string" });
    expect(formOf(Type.Union([Type.Number({ minimum: 1 }), Type.Null()]))).toEqual({
      type: ["number", "null"],
      minimum: 1,
    });
  });

  it("has an enum with its type for a union of literals", () => {
    const literals = [Type.Literal("a"), Type.Literal("b")];
    expect(formOf(Type.Union(literals))).toEqual({ type: "string", enum: ["a", "b"] });
    expect(formOf(Type.Optional(Type.Union(literals, { default: "b" })))).toEqual({
      ...{ type: ["string", "null"], enum: ["a", "b", null], default: "b" },
    });
    expect(formOf(Type.Enum([1, 2]))).toEqual({ type: "integer", enum: [1, 2] });
    expect(formOf(Type.Enum(["auto", 1]))).toEqual({ enum: ["auto", 1] });
  });

  it("names the types that the platform knows", () => {
    const schema = toPlatformSchema(
      Type.Object({
        cuts: Type.Optional(MediaSegments({ description: "What is left out" })),
        requirements: Type.Object({ paths: Type.Array(Type.String()) }),
        inputs: Type.Object({ paths: Type.Array(Type.String()) }),
      }),
    );
    const paths = {
      type: "object",
      required: ["paths"],
      properties: { paths: { type: "array", items: { type: "string" } } },
    };
    expect(schema.properties).toEqual({
      cuts: {
        type: ["array", "null"],
        items: { $ref: "#/definitions/MediaSegment" },
        description: "What is left out",
      },
      requirements: { $ref: "#/definitions/Requirement" },
      inputs: paths,
    });
    const index = { type: "integer", minimum: 0 };
    expect(schema.definitions).toEqual({
      MediaSegment: { type: "object", required: ["start", "end"], properties: { start: index, end: index } },
      Requirement: paths,
    });
  });

  it("has no type of its own where the platform would reject it", () => {
    const integers = Type.Array(Type.Integer(), { description: "Marks" });
    expect(formOf(integers)).toEqual({
      description: "Marks",
      allOf: [{ type: "array", items: { type: "integer" } }],
    });
    expect(formOf(Type.Optional(integers))).toHaveProperty("allOf", [
      { type: ["array", "null"], items: { type: "integer" } },
    ]);
    expect(formOf(Type.Unsafe({ type: ["string", "integer"] }))).toEqual({ allOf: [{ type: ["string", "integer"] }] });
  });

  it("keeps the list of required parameters, without those that have a default", () => {
    const area = Type.Object({ required: Type.Integer({ default: 0 }), left: Type.Integer() });
    const parameters = { path: Type.String(), area, list: Type.Array(Type.Number()), n: Type.Integer({ default: 1 }) };
    const schema = toPlatformSchema(Type.Object(parameters));
    expect(schema.required).toEqual(["path", "area", "list"]);
    expect(schema.properties).toHaveProperty("area.required", ["left"]);
  });

  it("has nothing that the platform cannot parse, whatever the worker's schema has", () => {
    const parts = fc.constantFrom<object[]>(
      ...[{ type: "undefined" }, { type: [] }, { type: ["string", "integer"] }, { minLength: 0.5 }, { title: 5 }],
      ...[{ required: true }, { items: 7 }, { items: [{ type: "bigint" }] }, { anyOf: [{ type: "void" }, 3] }],
      ...[{ default: [1] }, { type: "array", items: { type: "string" } }, { enum: "a" }, { pattern: {} }],
      ...[
        { const: null },
        { not: 1 },
        { properties: { a: 1, b: { examples: {} } } },
        { $ref: 4 },
        { deprecated: null },
      ],
    );
    const property = fc.oneof(
      fc.array(parts, { maxLength: 4 }).map((some) => Object.assign({}, ...some)),
      fc.boolean(),
    );
    fc.assert(
      fc.property(fc.dictionary(fc.string(), property), fc.boolean(), (properties, required) => {
        const given = { type: "object", properties, ...(required && { required: Object.keys(properties) }) };
        const schema = toPlatformSchema(given as unknown as TObject);
        for (const form of Object.values(schema.properties as object)) expect(findRejected(form)).toEqual([]);
      }),
    );
  });
});

describe("a description in the platform's forms", () => {
  const worker = defineWorker({
    parameters: Type.Object({
      mode: Type.Optional(Type.Union([Type.Literal("a"), Type.Literal("b")])),
      cuts: Type.Optional(MediaSegments()),
    }),
    process: (parameters) => ({ parameters: { given: Object.keys(parameters).join() } }),
  });

  it("leaves the check of orders to the worker's own schema", async () => {
    const absent = await runJob(worker, { mode: null, cuts: null } as never);
    expect(absent).toMatchObject({ status: "completed", parameters: { given: "" } });
    const wrong = await runJob(worker, { mode: "c", cuts: [{ start: 0, end: -1 }] } as never);
    expect(wrong.message.split("\n")).toEqual([
      expect.stringContaining('mode: expected "a" or "b"'),
      expect.stringContaining("cuts[0].end: expected integer"),
    ]);
  });
});

// The keywords of a form that the types of the platform's parser do not allow.
function findRejected(form: unknown): string[] {
  const types = ["null", "boolean", "object", "array", "number", "string", "integer"];
  const faults: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node === "boolean") return;
    if (typeof node !== "object" || node === null || Array.isArray(node)) return void faults.push(path);
    const { type, minLength = 0, title = "", required = [], items, anyOf, ...rest } = node as Record<string, unknown>;
    const { enum: values = [], pattern = "", not, properties = {}, examples = [], $ref = "", deprecated, allOf } = rest;
    if (type !== undefined && ![type].flat().every((one) => types.includes(String(one)))) faults.push(`${path}.type`);
    if (![title, pattern, $ref].every((one) => typeof one === "string")) faults.push(`${path} texts`);
    if (![required, values, examples].every(Array.isArray)) faults.push(`${path} lists`);
    if (!Number.isInteger(minLength) || (deprecated ?? false) !== false) faults.push(`${path} scalars`);
    for (const one of [items ?? [], anyOf ?? [], allOf ?? [], not ?? []].flat()) visit(one, `${path}/`);
    for (const [id, one] of Object.entries(properties as object)) visit(one, `${path}.${id}`);
  };
  visit(form, "");
  const { type, items } = form as { type?: unknown; items?: { type?: unknown } };
  const [one, ...more] = [type ?? []].flat().filter((name) => name !== "null");
  if (type !== undefined && (more.length > 0 || (one === "array" && items?.type !== "string"))) faults.push("form");
  return faults;
}
