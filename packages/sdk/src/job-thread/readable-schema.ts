/** A JSON Schema as the platform's reader can parse it. */
export interface Schema {
  readonly [keyword: string]: unknown;
}

type Read = (value: unknown) => unknown;

const ofType =
  (type: "string" | "boolean" | "number"): Read =>
  (value) =>
    typeof value === type ? value : undefined;
const readList: Read = (value) => (Array.isArray(value) ? value : undefined);
const readCount: Read = (value) =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32 ? value : undefined;
const readNames: Read = (value) =>
  Array.isArray(value) && value.every((one) => typeof one === "string") ? value : undefined;
const readSchema: Read = (value) => (isSchema(value) ? toReadableSchema(value) : ofType("boolean")(value));
const readSchemas: Read = (value) =>
  Array.isArray(value) ? value.map(readSchema).filter((one) => one !== undefined) : undefined;
const readMap: Read = (value) => (isSchema(value) ? mapValues(value, readSchema) : undefined);

const types = ["null", "boolean", "object", "array", "number", "string", "integer"];
const readType: Read = (value) => {
  if (!Array.isArray(value)) return types.includes(value as string) ? value : undefined;
  const known = value.filter((one) => types.includes(one));
  return known.length > 0 ? known : undefined;
};

// A reader that parses schemas into types, as schemars 0.8 does, rejects the whole description for one wrong keyword.
// Keywords that are not here can have any value.
const keywords = new Map<string, Read>([
  ["type", readType],
  // Definitions have the name that they had in draft 7.
  ["$ref", (value) => (typeof value === "string" ? value.replace(/^#\/\$defs\//, "#/definitions/") : undefined)],
  ...named(ofType("string"), "$schema", "$id", "title", "description", "format", "pattern"),
  ...named(ofType("boolean"), "deprecated", "readOnly", "writeOnly", "uniqueItems"),
  ...named(ofType("number"), "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum"),
  ...named(readCount, "maxLength", "minLength", "maxItems", "minItems", "maxProperties", "minProperties"),
  ...named(readList, "enum", "examples"),
  ...named(readNames, "required"),
  ...named(readSchema, "not", "if", "then", "else", "additionalItems", "contains"),
  ...named(readSchema, "additionalProperties", "propertyNames"),
  ...named(readSchemas, "allOf", "anyOf", "oneOf"),
  ["items", (value) => readSchemas(value) ?? readSchema(value)],
  ...named(readMap, "properties", "patternProperties", "definitions", "$defs"),
]);

/**
 * Omits the keywords of a plain schema whose values the platform's reader cannot parse. A type that JSON does not have
 * becomes a schema that nothing matches. Properties with a default are not required: TypeBox requires them, since every
 * checked value has them, but an order need not have them.
 */
export function toReadableSchema(schema: Schema): Schema {
  const readable = mapValues(schema, (value, keyword) => {
    const read = keywords.get(keyword);
    return read ? read(value) : value;
  });
  if ("type" in schema && !("type" in readable)) return { ...readable, not: {} };
  const { required, ...rest } = readable as { required?: readonly string[]; properties?: Record<string, Schema> };
  const needed = required?.filter((name) => !hasDefault(rest.properties, name)) ?? [];
  return needed.length > 0 ? { ...readable, required: needed } : rest;
}

/** Whether a value is a schema that is not a boolean. */
export function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Applies a function to the values of an object. Values for which it returns undefined are omitted. */
export function mapValues<Value>(
  object: Readonly<Record<string, Value>>,
  map: (value: Value, key: string) => unknown,
): Record<string, unknown> {
  const entries = Object.entries(object).map(([key, value]) => [key, map(value, key)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

function hasDefault(properties: Readonly<Record<string, Schema>> | undefined, name: string): boolean {
  const property: unknown = properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
  return isSchema(property) && "default" in property;
}

function named(read: Read, ...names: readonly string[]): [string, Read][] {
  return names.map((name) => [name, read]);
}
