import { isSchema, type Schema } from "./readable-schema.ts";

const annotations = [
  ...["$comment", "title", "description", "default", "deprecated", "readOnly", "writeOnly", "examples"],
];
// Keywords that a null can fail, whatever the type allows.
const compound = ["anyOf", "oneOf", "allOf", "not", "if", "then", "else", "$ref"];

/** Splits a schema into what describes a value and what a value must match. */
export function splitAnnotations(schema: Schema): { readonly notes: Schema; readonly rules: Schema } {
  const entries = Object.entries(schema);
  return {
    notes: Object.fromEntries(entries.filter(([keyword]) => annotations.includes(keyword))),
    rules: Object.fromEntries(entries.filter(([keyword]) => !annotations.includes(keyword))),
  };
}

/**
 * Adds the `type` that all values of a schema have, if it has none. A union of literals becomes an `enum`, and a union with
 * null a list of two types.
 */
export function toTypedSchema(schema: Schema): Schema {
  const { type, items } = schema;
  if (Array.isArray(type) && type.length === 1) return toTypedSchema({ ...schema, type: type[0] });
  if (type !== undefined) return isSchema(items) ? { ...schema, items: toTypedSchema(items) } : schema;
  if (Array.isArray(schema.enum)) return withTypes(schema, schema.enum.map(typeOf));
  if ("const" in schema) return withTypes(schema, [typeOf(schema.const)]);
  for (const keyword of ["anyOf", "oneOf"]) {
    const alternatives = schema[keyword];
    if (Array.isArray(alternatives) && alternatives.every(isSchema)) return toTypedUnion(schema, keyword, alternatives);
  }
  const parts = schema.allOf;
  if (!Array.isArray(parts) || !parts.every(isSchema)) return schema;
  const types = [...new Set(parts.map((part) => toTypedSchema(part).type))];
  return types.length === 1 && types[0] !== undefined ? { ...schema, type: types[0] } : schema;
}

/** Lets a schema accept null too: for the platform's reader, a parameter is optional if null is one of two types. */
export function toNullableSchema(schema: Schema): Schema {
  const { type } = schema;
  const types = type === undefined ? undefined : [type].flat();
  if (types?.includes("null")) return schema;
  const { notes, rules } = splitAnnotations(schema);
  if (Object.keys(rules).length === 0) return schema;
  const typed = types && { type: [...types, "null"] };
  if (Object.keys(rules).join() === "anyOf")
    return { ...notes, anyOf: [...(rules.anyOf as unknown[]), { type: "null" }] };
  if (compound.some((keyword) => keyword in rules)) return { ...notes, ...typed, anyOf: [rules, { type: "null" }] };
  const { const: only, ...rest } = { ...schema, ...typed } as Schema;
  const values = "const" in schema ? [only] : (schema.enum as unknown[] | undefined);
  return values ? { ...rest, enum: values.includes(null) ? values : [...values, null] } : rest;
}

function toTypedUnion(schema: Schema, keyword: string, given: readonly Schema[]): Schema {
  const { [keyword]: _, ...rest } = schema;
  const alternatives = given.map(toTypedSchema).filter((one) => !isNothing(one));
  const types = alternatives.flatMap(({ type }) => type);
  const others = alternatives.filter(({ type }) => type !== "null");
  const [only] = others;
  if (Object.keys(splitAnnotations(rest).rules).length > 0 || !only) return withTypes(schema, types);
  const values = alternatives.map(literalsOf);
  if (values.every((one) => one !== undefined)) {
    const unique = [...new Set(values.flat())];
    return withTypes({ ...rest, enum: unique }, unique.map(typeOf));
  }
  if (others.length > 1) return withTypes({ ...rest, [keyword]: alternatives }, types);
  return others.length < alternatives.length ? toNullableSchema({ ...only, ...rest }) : { ...only, ...rest };
}

function withTypes(schema: Schema, given: readonly unknown[]): Schema {
  const types = new Set(given);
  if (types.has("number")) types.delete("integer");
  const [first, second] = [...types].filter((type) => type !== "null");
  if (first === undefined || second !== undefined || types.has(undefined)) return schema;
  return { ...schema, type: types.has("null") ? [first, "null"] : first };
}

// The values of a schema that lists them and says nothing else.
function literalsOf(schema: Schema): readonly unknown[] | undefined {
  if (Object.keys(schema).some((keyword) => !["type", "const", "enum"].includes(keyword))) return undefined;
  if (schema.type === "null") return [null];
  return "const" in schema ? [schema.const] : (schema.enum as unknown[] | undefined);
}

function isNothing(schema: Schema): boolean {
  return isSchema(schema.not) && Object.keys(schema.not).length === 0;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value === "number" && Number.isInteger(value) ? "integer" : typeof value;
}
