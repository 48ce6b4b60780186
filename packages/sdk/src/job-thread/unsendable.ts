import type { Fault } from "../thread-protocol/messages.ts";

/** The maximum nesting of arrays and objects in a value of a result. */
const maxResultDepth = 64;
/** The maximum number of values in a value of a result. It also ends the search in one that holds another many times over. */
const maxValues = 16 * 1024 * 1024;

/** What a JSON Schema says about numbers inside a value. */
export interface NumberSchema {
  readonly type?: unknown;
  readonly items?: unknown;
  readonly properties?: unknown;
  readonly patternProperties?: unknown;
  readonly additionalProperties?: unknown;
  readonly anyOf?: unknown;
}

/**
 * Finds the first part of a value that JSON cannot represent, or that is not what it was when it is read again.
 *
 * @param path - The path of the value.
 * @param schema - The schema of the value. Beyond 2^53 − 1 only numbers that it declares as `number` can be sent: integers
 *   there may have lost their last digits already.
 */
export function findUnsendable(value: unknown, path: string, schema: NumberSchema | undefined): Fault | undefined {
  const found = new Search().find(value, schema);
  return found && { path: path + found.path, message: found.message };
}

class Search {
  readonly #above = new Set<object>();
  #count = 0;

  // The path is composed on the way back, since most values have no fault.
  find(value: unknown, schema: NumberSchema | undefined): Fault | undefined {
    if (++this.#count > maxValues) return fault(`has more than ${maxValues} values`);
    if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
    if (typeof value === "number") return findWrongNumber(value, schema);
    if (typeof value !== "object")
      return fault(`a ${typeof value} is not a JSON value; convert it to a number or a string`);
    if (this.#above.has(value)) return fault("contains a cycle, which JSON cannot represent");
    if (this.#above.size === maxResultDepth) return fault(`is nested more than ${maxResultDepth} levels deep`);
    this.#above.add(value);
    const found = Array.isArray(value) ? this.#findInArray(value, schema) : this.#findInObject(value, schema);
    this.#above.delete(value);
    return found;
  }

  #findInArray(list: readonly unknown[], schema: NumberSchema | undefined): Fault | undefined {
    for (let index = 0; index < list.length; index++) {
      const found = this.find(list[index], schemaAt(schema, index));
      if (found) return { ...found, path: `[${index}]${found.path}` };
    }
    return undefined;
  }

  #findInObject(value: object, schema: NumberSchema | undefined): Fault | undefined {
    if (!isPlainObject(value)) {
      const remedy = ArrayBuffer.isView(value) ? "use Array.from(…)" : "convert it to plain values";
      return fault(`a ${value.constructor?.name ?? "class instance"} is not a JSON value; ${remedy}`);
    }
    for (const key of Object.keys(value)) {
      const found = this.find(value[key], schemaAt(schema, key));
      if (found) return { ...found, path: `.${key}${found.path}` };
    }
    return undefined;
  }
}

/** Whether a value is an object without a class. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function fault(message: string): Fault {
  return { path: "", message };
}

function findWrongNumber(value: number, schema: NumberSchema | undefined): Fault | undefined {
  if (!Number.isFinite(value)) return fault(`${value} is not a JSON number; leave it out or use null`);
  if (!Number.isInteger(value) || Number.isSafeInteger(value) || isNumber(schema)) return undefined;
  return fault(
    `${value} is an integer beyond ±${Number.MAX_SAFE_INTEGER}, where integers are not exact; return it as a string, or declare it as Type.Number()`,
  );
}

function isNumber(schema: NumberSchema | undefined): boolean {
  if (schema === undefined) return false;
  const { type, anyOf } = schema;
  if (Array.isArray(anyOf)) return anyOf.some(isNumber);
  return type === "number" || (Array.isArray(type) && type.includes("number"));
}

function schemaAt(schema: NumberSchema | undefined, key: string | number): NumberSchema | undefined {
  if (schema === undefined) return undefined;
  const { anyOf, items, properties, patternProperties, additionalProperties } = schema;
  if (Array.isArray(anyOf)) return { anyOf: anyOf.map((one: NumberSchema) => schemaAt(one, key)) };
  if (typeof key === "number") return toSchema(Array.isArray(items) ? items[key] : items);
  const pattern = Object.keys(patternProperties ?? {}).find((one) => new RegExp(one).test(key));
  return (
    toSchema((properties as Record<string, unknown> | undefined)?.[key]) ??
    toSchema(pattern && (patternProperties as Record<string, unknown>)[pattern]) ??
    toSchema(additionalProperties)
  );
}

function toSchema(value: unknown): NumberSchema | undefined {
  return typeof value === "object" && value !== null ? (value as NumberSchema) : undefined;
}
