import { describeValue, McaiError, markOwn } from "../errors.ts";
import { findFaults } from "../parameters/faults.ts";
import type { TObject } from "../schema/typebox.ts";
import type { Fault, ResultParameter, RunResult } from "../thread-protocol/messages.ts";

/** Thrown for a result that cannot be sent. The message has one line for each fault. */
class ResultError extends McaiError {
  readonly faults: readonly Fault[];

  constructor(faults: readonly Fault[]) {
    const lines = faults.map(({ path, message }) => `${path}: ${message}`);
    super("RESULT_INVALID", `The worker returned a result that cannot be sent.\n${lines.join("\n")}`);
    this.faults = faults;
    markOwn(this);
  }
}

interface Returned {
  readonly destinationPaths?: unknown;
  readonly parameters?: unknown;
}

/**
 * Encodes what a worker returned for the wire. The types are those of the results' schema, else those of the values.
 *
 * @param complete - Whether the results that the schema requires must be present; a stopped job may lack them.
 * @throws {@link McaiError} `RESULT_INVALID` with every fault, one per line.
 */
export function toRunResult(returned: unknown, schema: TObject | undefined, complete: boolean): RunResult {
  if (returned !== undefined && !isPlainObject(returned))
    throw new ResultError([
      {
        path: "the result",
        message: `expected { destinationPaths, parameters } or nothing, got ${describeValue(returned)}`,
      },
    ]);
  const { destinationPaths = [], parameters = {} }: Returned = returned ?? {};
  const faults: Fault[] = [];
  if (!Array.isArray(destinationPaths) || destinationPaths.some((path) => typeof path !== "string"))
    faults.push({
      path: "destinationPaths",
      message: `expected a list of strings, got ${describeValue(destinationPaths)}`,
    });
  if (!isPlainObject(parameters))
    throw new ResultError([
      ...faults,
      { path: "parameters", message: `expected an object, got ${describeValue(parameters)}` },
    ]);

  const plain: Record<string, unknown> = {};
  const sent: ResultParameter[] = [];
  for (const [id, given] of Object.entries(parameters)) {
    if (given === undefined) continue;
    const typed = isTyped(given);
    const value = typed ? given.value : given;
    const fault = findUnsendable(value, `parameters.${id}`, []);
    if (fault) {
      faults.push(fault);
      continue;
    }
    const type = typed ? given.type : wireTypeOf(value, schema?.properties[id] as SchemaNode | undefined);
    if (!typed) plain[id] = value;
    sent.push({ id, type, store: null, value, default: null });
  }
  if (schema && (complete || sent.length > 0)) {
    const overridden = new Set(sent.map(({ id }) => id).filter((id) => !Object.hasOwn(plain, id)));
    for (const { path, message } of findFaults(schema, plain, () => false))
      if (!overridden.has(path)) faults.push({ path: `parameters.${path}`, message });
  }
  if (faults.length > 0) throw new ResultError(faults);
  return { destinationPaths: destinationPaths as string[], parameters: sent };
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isTyped(value: unknown): value is { type: string; value: unknown } {
  return isPlainObject(value) && Object.keys(value).length === 2 && typeof value.type === "string" && "value" in value;
}

// JSON.stringify silently turns NaN into null, a date into a string and a Map into {}.
function findUnsendable(value: unknown, path: string, above: readonly unknown[]): Fault | undefined {
  const fault = (message: string): Fault => ({ path, message });
  if (value === null || typeof value === "string" || typeof value === "boolean") return undefined;
  if (typeof value === "number")
    return Number.isFinite(value) ? undefined : fault(`${value} is not a JSON number; leave it out or use null`);
  if (typeof value !== "object")
    return fault(`a ${typeof value} is not a JSON value; convert it to a number or a string`);
  if (above.includes(value)) return fault("contains a cycle, which JSON cannot represent");
  if (!Array.isArray(value) && !isPlainObject(value)) {
    const remedy = ArrayBuffer.isView(value) ? "use Array.from(…)" : "convert it to plain values";
    return fault(`a ${value.constructor?.name ?? "class instance"} is not a JSON value; ${remedy}`);
  }
  for (const [key, item] of Object.entries(value)) {
    const inner = findUnsendable(item, `${path}${Array.isArray(value) ? `[${key}]` : `.${key}`}`, [...above, value]);
    if (inner) return inner;
  }
  return undefined;
}

interface SchemaNode {
  readonly type?: unknown;
  readonly items?: { readonly type?: unknown };
}

const scalars: Readonly<Record<string, string>> = {
  integer: "integer",
  number: "float",
  string: "string",
  boolean: "boolean",
};
const lists: Readonly<Record<string, string>> = {
  integer: "array_of_integers",
  number: "array_of_floats",
  string: "array_of_strings",
  boolean: "array_of_booleans",
};

/** The type of a value on the wire: that of its schema, else that of the value itself. */
export function wireTypeOf(value: unknown, schema?: SchemaNode): string {
  if (Array.isArray(value)) {
    const declared = lists[String(schema?.items?.type)];
    if (declared) return declared;
    const kinds = [...new Set(value.map(kindOf))];
    if (kinds.length === 0) return "array_of_strings";
    if (kinds.every((kind) => kind === "integer" || kind === "number"))
      return lists[kinds.length > 1 ? "number" : String(kinds[0])] as string;
    return (kinds.length === 1 && lists[String(kinds[0])]) || "json";
  }
  return scalars[String(schema?.type)] ?? scalars[kindOf(value)] ?? "json";
}

function kindOf(value: unknown): string {
  return typeof value === "number" ? (Number.isInteger(value) ? "integer" : "number") : typeof value;
}
