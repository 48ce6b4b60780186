import { type TString, Type } from "../schema/typebox.ts";

/**
 * Creates the schema of a password, token or key. `process` receives a string, and the description of the worker has
 * `writeOnly`. The value is replaced by `[redacted]` in all log lines, and in all errors that leave the worker. Values
 * shorter than four characters are not replaced, because they cannot be distinguished from other text.
 *
 * @param options - JSON Schema keywords of a string, such as `description` or `minLength`.
 * @returns The TypeBox schema.
 *
 * @example
 * ```ts
 * const parameters = Type.Object({ token: Secret({ description: "FTP password, a key of the backend" }) });
 * ```
 */
export function Secret(options: Record<string, unknown> = {}): TString {
  return Type.String({ ...options, writeOnly: true });
}

const known = new WeakMap<object, boolean>();

/** Whether a schema is that of a secret, or has one inside: in an object, a list or an alternative. */
export function hasSecret(schema: object): boolean {
  const found = known.get(schema);
  if (found !== undefined) return found;
  // A schema may contain itself.
  known.set(schema, false);
  const { fields, others, items, alternatives } = partsOf(schema);
  const has = isSecret(schema) || [...Object.values(fields), ...others, ...items, ...alternatives].some(hasSecret);
  known.set(schema, has);
  return has;
}

/** Returns the secret parts of a value. */
export function secretsIn(schema: object, value: unknown): unknown[] {
  if (!hasSecret(schema)) return [];
  if (isSecret(schema)) return [value];
  const { fields, others, items, alternatives } = partsOf(schema);
  const find = (one: unknown, schemas: readonly object[]) => schemas.flatMap((inner) => secretsIn(inner, one));
  if (Array.isArray(value)) return [...value.flatMap((one) => find(one, items)), ...find(value, alternatives)];
  if (typeof value !== "object" || value === null) return find(value, alternatives);
  const found = Object.entries(value).flatMap(([key, one]) => find(one, fields[key] ? [fields[key]] : others));
  return [...found, ...find(value, alternatives)];
}

/** The schemas in a schema: of named fields, of other fields, of items, and those for the same value. */
interface SchemaParts {
  readonly fields: Readonly<Record<string, object>>;
  readonly others: readonly object[];
  readonly items: readonly object[];
  readonly alternatives: readonly object[];
}

function partsOf(schema: object): SchemaParts {
  const { properties, patternProperties, additionalProperties, items, prefixItems, anyOf, allOf, oneOf } =
    schema as Record<string, unknown>;
  const schemas = (...parts: unknown[]) =>
    parts.flat().filter((one): one is object => typeof one === "object" && one !== null);
  return {
    fields: (properties ?? {}) as Record<string, object>,
    others: schemas(Object.values(patternProperties ?? {}), additionalProperties),
    items: schemas(items, prefixItems),
    alternatives: schemas(anyOf, allOf, oneOf),
  };
}

/** Whether a schema is that of a secret: it has `writeOnly`. */
export function isSecret(schema: object): boolean {
  return "writeOnly" in schema && schema.writeOnly === true;
}
