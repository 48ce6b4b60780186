import { describeValue, McaiError, typeName } from "../errors.ts";
import type { LostNumber } from "../json-text.ts";
import { type TObject, typebox } from "../schema/typebox.ts";
import { isSecret } from "../worker/secret.ts";
import { compileSchema } from "./compiled-schema.ts";

// TypeBox reports eight errors by default. A limit is still needed, because each fault is a line of the message.
const maxFaults = 1000;

/** A fault in the parameters of a job. */
export interface ParameterFault {
  /** The path of the value: the id of the parameter and the keys inside it, such as `tiles[3].width`. */
  readonly path: string;
  /** What is wrong and what is expected, without the path. */
  readonly message: string;
  /** The code of the error of which it is a part, if that is not `PARAMETERS_INVALID`. */
  readonly code?: string;
}

/**
 * Thrown for parameters that do not match the schema of the worker. The message has one line for each fault. Its
 * code is `STORE_FAILED` if stores have failed and nothing else is wrong.
 *
 * @example
 * ```ts
 * error.message; // 'threshold: expected number, got "0.8" (string)\nlanguage: is missing, expected string'
 * ```
 */
export class ParameterError extends McaiError {
  /** Every fault, in the order of the schema. */
  readonly faults: readonly ParameterFault[];

  /** @param faults - The faults; at least one. */
  constructor(faults: readonly ParameterFault[]) {
    const codes = new Set(faults.map(({ code }) => code ?? "PARAMETERS_INVALID"));
    const [code] = codes.size === 1 ? codes : ["PARAMETERS_INVALID"];
    super(code as string, faults.map(({ path, message }) => `${path}: ${message}`).join("\n"));
    this.name = "ParameterError";
    this.faults = faults;
  }
}

/** Describes a number that is lost, as a fault of the parameter with this id. */
export function toLostFault(id: string, { keys, text }: LostNumber, hidden: boolean): ParameterFault {
  const value = Number(text);
  const isInRange = Number.isFinite(value);
  const expected = isInRange
    ? "a number that is kept exactly"
    : `a number from -${Number.MAX_VALUE} to ${Number.MAX_VALUE}`;
  const remedy = isInRange ? `, which would become ${BigInt(value)}; send it as a string` : "";
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  const got = hidden ? "a number that is not shown" : short + remedy;
  return { path: toPath([id, ...keys]), message: `expected ${expected}, got ${got}` };
}

interface SchemaNode {
  readonly [keyword: string]: unknown;
}

/**
 * Finds all faults of values that do not match an object schema.
 *
 * @param hidden - Whether the value of a parameter must not be shown.
 */
export function findFaults(schema: TObject, values: object, hidden: (id: string) => boolean): ParameterFault[] {
  if (compileSchema(schema).fits(values)) return [];
  const { Errors, Settings } = typebox();
  Settings.Set({ maxErrors: maxFaults });
  const errors = Errors(schema, values);
  // The errors of the alternatives add nothing to the error of the union.
  const unions = errors.filter(({ keyword }) => keyword === "anyOf").map(({ schemaPath }) => `${schemaPath}/anyOf/`);
  const told = new Set<string>();
  const faults: ParameterFault[] = [];
  for (const error of errors) {
    if (unions.some((union) => error.schemaPath.startsWith(union))) continue;
    const node = nodeAt(schema as unknown as SchemaNode, error.schemaPath);
    const keys = error.instancePath.split("/").slice(1).map(unescapePointer);
    if (error.keyword === "required") {
      for (const missing of (error.params as { requiredProperties: string[] }).requiredProperties) {
        const child = (node.properties as Record<string, SchemaNode> | undefined)?.[missing];
        faults.push({ path: toPath([...keys, missing]), message: `is missing, expected ${expected(child ?? {})}` });
      }
      continue;
    }
    const value = keys.reduce<unknown>((parent, key) => (parent as Record<string, unknown>)[key], values);
    const secret = isSecret(node) || (keys[0] !== undefined && hidden(keys[0]));
    const got = secret ? `a ${typeName(value)} that is not shown` : describeValue(value);
    const rule = ["type", "const", "enum", "anyOf"].includes(error.keyword) ? "" : ` that ${error.message}`;
    const fault = { path: toPath(keys), message: `expected ${expected(node)}${rule}, got ${got}` };
    if (told.has(fault.path + fault.message)) continue;
    told.add(fault.path + fault.message);
    faults.push(fault);
  }
  return faults;
}

function nodeAt(schema: SchemaNode, pointer: string): SchemaNode {
  const keys = pointer.split("/").slice(1).map(unescapePointer);
  return keys.reduce<SchemaNode>((node, key) => (node?.[key] ?? {}) as SchemaNode, schema);
}

function expected(node: SchemaNode): string {
  if (Array.isArray(node.anyOf)) return [...new Set(node.anyOf.map((one: SchemaNode) => expected(one)))].join(" or ");
  if (Array.isArray(node.enum)) return `one of ${node.enum.map((one) => JSON.stringify(one)).join(", ")}`;
  if ("const" in node) return JSON.stringify(node.const);
  return typeof node.type === "string"
    ? node.type
    : Array.isArray(node.type)
      ? node.type.join(" or ")
      : "another value";
}

function unescapePointer(key: string): string {
  return key.replaceAll("~1", "/").replaceAll("~0", "~");
}

function toPath(keys: readonly string[]): string {
  return keys.map((key, i) => (/^\d+$/.test(key) ? `[${key}]` : i === 0 ? key : `.${key}`)).join("") || "parameters";
}
