import { describeValue, McaiError } from "../errors.ts";
import type { Parameter } from "../order/order.ts";
import type { Job } from "../worker/job.ts";
import { holdsSecrets, type Stores } from "./store.ts";

/** A segment of a media file, in milliseconds. */
interface MediaSegment {
  readonly start: number;
  readonly end: number;
}

/** The TypeScript types of the parameters, by their `type` in an order. */
interface WireTypes {
  string: string;
  integer: number;
  float: number;
  boolean: boolean;
  array_of_strings: string[];
  array_of_media_segments: MediaSegment[];
  requirements: { paths?: string[] };
}

/**
 * Reads a parameter that the protocol itself defines. The first one with the id and the type is used, and converted as
 * by the reference ("123" is an integer, 0.5 is false).
 *
 * @returns The value; undefined if the order does not have the parameter.
 *
 * @throws {@link McaiError} `PARAMETERS_INVALID` if the value cannot be converted, `STORE_FAILED` if the store does not
 *   return it.
 */
export async function readParameter<Type extends keyof WireTypes>(
  parameters: readonly Parameter[],
  id: string,
  type: Type,
  stores: Stores,
  job: Pick<Job, "signal">,
): Promise<WireTypes[Type] | undefined> {
  const parameter = parameters.find((one) => one.id === id && one.type === type);
  const given = parameter?.value ?? parameter?.default ?? undefined;
  if (parameter === undefined || given === undefined) return undefined;
  let value: unknown = given;
  if (parameter.store) {
    if (typeof given !== "string")
      throw new McaiError(
        "PARAMETERS_INVALID",
        `${id}: expected a key of store ${parameter.store}, got ${describeValue(given)}`,
      );
    value = await stores.read(parameter.store, given, job.signal, false);
    if (holdsSecrets(parameter.store)) stores.keepSecret(value);
    if (type !== "string" && typeof value === "string") value = parseText(value);
  }
  const read = coercions[type](value);
  if (read !== undefined) return read as WireTypes[Type];
  throw new McaiError(
    "PARAMETERS_INVALID",
    `${id}: expected ${type}, got ${parameter.store ? `a value of store ${parameter.store}` : describeValue(value)}`,
  );
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isIndex = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

/** Each function converts a value, and returns undefined if that is not possible. */
const coercions: { [Type in keyof WireTypes]: (value: unknown) => WireTypes[Type] | undefined } = {
  string: (value) => (typeof value === "string" ? value : undefined),
  integer: (value) => {
    if (typeof value === "string") return /^[+-]?\d+$/.test(value) ? coercions.integer(Number(value)) : undefined;
    return Number.isSafeInteger(value) ? (value as number) : undefined;
  },
  float: (value) => {
    const text = typeof value === "string" ? value.trim() : undefined;
    const number = text === undefined ? value : text === "" ? undefined : Number(text);
    return typeof number === "number" && Number.isFinite(number) ? number : undefined;
  },
  boolean: (value) => {
    if (typeof value === "boolean") return value;
    if (typeof value === "number") return Math.trunc(value) !== 0;
    return value === "true" ? true : value === "false" ? false : undefined;
  },
  array_of_strings: (value) => (isStrings(value) ? value : undefined),
  array_of_media_segments: (value) => {
    const isSegment = (one: unknown): one is Record<string, unknown> & MediaSegment =>
      isRecord(one) && isIndex(one.start) && isIndex(one.end);
    return Array.isArray(value) && value.every(isSegment) ? value.map(({ start, end }) => ({ start, end })) : undefined;
  },
  requirements: (value) => {
    if (!isRecord(value)) return undefined;
    const { paths } = value;
    if (paths === undefined) return {};
    return isStrings(paths) ? { paths } : undefined;
  },
};
