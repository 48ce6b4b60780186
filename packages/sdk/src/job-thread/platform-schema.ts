import type { TObject } from "../schema/typebox.ts";
import { isMediaSegment } from "../worker/media-segments.ts";
import { isSchema, mapValues, type Schema, toReadableSchema } from "./readable-schema.ts";
import { splitAnnotations, toNullableSchema, toTypedSchema } from "./typed-schema.ts";

// The platform's parser stops at 128 levels, some of which are around a parameter.
const maxDepth = 100;

/**
 * Writes the schema of a worker's parameters in the forms that the platform's reader understands (docs/protocol.md). That
 * reader decides by the `type` of a parameter, not by `required`, whether it is optional, and rejects every list but those
 * of strings and of media segments. Orders are checked with the worker's own schema, never with this one.
 */
export function toPlatformSchema(parameters: TObject): Record<string, unknown> {
  const { $defs, definitions: given, ...root } = toReadableSchema(toPlain(parameters));
  const named: Record<string, Schema> = {};
  const properties = mapValues((root.properties ?? {}) as Record<string, Schema | boolean>, (schema, id) =>
    toParameter(id, schema, (root.required as string[] | undefined)?.includes(id) ?? false, named),
  );
  const definitions = { ...($defs as Schema), ...(given as Schema), ...named };
  return {
    ...mapValues(root, cutDepth),
    properties: mapValues(properties, cutDepth),
    ...(Object.keys(definitions).length > 0 && { definitions: mapValues(definitions, cutDepth) }),
  };
}

function toParameter(id: string, given: Schema | boolean, isRequired: boolean, named: Record<string, Schema>): Schema {
  const schema = toTypedSchema(given === true ? {} : given === false ? { not: {} } : given);
  const isOptional = !isRequired || "default" in schema;
  if (id === "requirements" && isRequirement(schema)) {
    const { notes, rules } = splitAnnotations(schema);
    named.Requirement = rules;
    return { ...notes, ...(isOptional && { type: ["object", "null"] }), $ref: "#/definitions/Requirement" };
  }
  const form = nameSegments(isOptional ? toNullableSchema(schema) : schema, named);
  if (isUnderstood(form.type, form.items))
    return hasList(form) && !isReadableDefault(form) ? withoutDefault(form) : form;
  const { notes, rules } = splitAnnotations(form);
  return { ...notes, allOf: [rules] };
}

// TypeBox marks its schemas with symbols and hidden keys, which JSON drops.
function toPlain(schema: object): Schema {
  return JSON.parse(
    JSON.stringify(schema, (_key, value: unknown) => {
      if (value instanceof RegExp) return value.source;
      if (typeof value === "bigint") return Number(value);
      // Half a surrogate pair, as in a pattern, is not UTF-8.
      return typeof value === "string" ? Buffer.from(value).toString() : value;
    }),
  );
}

// What the reader makes of a parameter that has these is not an error.
function isUnderstood(type: unknown, items: unknown): boolean {
  if (Array.isArray(type)) {
    const [other] = type.filter((one) => one !== "null");
    return type.length === 2 && type.includes("null") && isUnderstood(other, items);
  }
  if (type !== "array") return type !== "null";
  return isSchema(items) && (items.type === "string" || items.$ref === "#/definitions/MediaSegment");
}

function isRequirement({ type, properties }: Schema): boolean {
  if (type !== "object" || !isSchema(properties) || Object.keys(properties).join() !== "paths") return false;
  const { paths } = properties;
  return isSchema(paths) && paths.type === "array" && isSchema(paths.items) && paths.items.type === "string";
}

function nameSegments(schema: Schema, named: Record<string, Schema>): Schema {
  const { items } = schema;
  if (!isSchema(items) || !isMediaSegment(items)) return schema;
  named.MediaSegment = splitAnnotations(items).rules;
  return { ...schema, items: { $ref: "#/definitions/MediaSegment" } };
}

function hasList({ type }: Schema): boolean {
  return [type].flat().includes("array");
}

// The reader panics at the default of a list that has an item of another type.
function isReadableDefault({ default: given, items }: Schema): boolean {
  if (!Array.isArray(given)) return true;
  return given.every((one) => ((items as Schema).type === "string" ? typeof one === "string" : isSchema(one)));
}

function withoutDefault({ default: _, ...schema }: Schema): Schema {
  return schema;
}

function cutDepth(value: unknown): unknown {
  return depthOf(value) > maxDepth ? {} : value;
}

function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
