import { describeValue, McaiError, markOwn } from "../errors.ts";
import { findFaults } from "../parameters/faults.ts";
import type { TObject } from "../schema/typebox.ts";
import type { EncodedResult, Fault, ResultParameter } from "../thread-protocol/messages.ts";
import { isMediaSegment } from "../worker/media-segments.ts";
import { findUnsendable, isPlainObject, type NumberSchema } from "./unsendable.ts";

/** What no broker takes: the default of those before RabbitMQ 4.0. The main thread knows the limit of the broker. */
const maxResultCharacters = 128 * 1024 * 1024;

/** The result of a run: destination paths and parameters. */
export interface RunResult {
  readonly destinationPaths: readonly string[];
  readonly parameters: readonly ResultParameter[];
}

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
 * Returns the result of a run as JSON. The job thread does this, since the main thread would need seconds to read a result of
 * a few megabytes that is deeply nested, and to write it again.
 *
 * @throws {@link McaiError} `RESULT_INVALID` if no broker takes that much.
 */
export function encodeResult({ destinationPaths, parameters }: RunResult): EncodedResult {
  const encoded = { destinationPaths: toText(destinationPaths), parameters: toText(parameters) };
  const size = encoded.destinationPaths.length + encoded.parameters.length;
  if (size > maxResultCharacters) throw tooLarge(`${size} characters`);
  return encoded;
}

function toText(values: readonly unknown[]): string {
  if (values.length === 0) return "[]";
  try {
    return JSON.stringify(values);
  } catch (error) {
    // A string in V8 has at most 2^29 − 24 characters.
    if (error instanceof RangeError) throw tooLarge("more than 536870888 characters");
    throw error;
  }
}

function tooLarge(size: string): ResultError {
  const message = `has ${size} as JSON, more than the maximum of ${maxResultCharacters}; write it to a file and return its path`;
  return new ResultError([{ path: "the result", message }]);
}

/**
 * Converts what a worker returned to the parameters of the wire. The types are those of the results' schema, else those of the values.
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
    const property = schema?.properties[id] as SchemaNode | undefined;
    const fault = findUnsendable(value, `parameters.${id}`, typed ? floats[given.type] : property);
    if (fault) {
      faults.push(fault);
      continue;
    }
    const type = typed ? given.type : wireTypeOf(value, property);
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

function isTyped(value: unknown): value is { type: string; value: unknown } {
  return isPlainObject(value) && Object.keys(value).length === 2 && typeof value.type === "string" && "value" in value;
}

interface SchemaNode extends NumberSchema {
  readonly items?: { readonly type?: unknown };
}

/** The types that a worker can set for numbers of any size. */
const floats: Readonly<Record<string, NumberSchema>> = {
  float: { type: "number" },
  array_of_floats: { items: { type: "number" } },
};

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
    if (schema?.items && isMediaSegment(schema.items)) return "array_of_media_segments";
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
