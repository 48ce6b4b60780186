import { inspect } from "node:util";

const unreadable = "[a value that cannot be shown]";

/** Returns any value as text, and never throws: a worker may log what it likes. */
export function toText(value: unknown): string {
  if (typeof value === "string") return value;
  try {
    return inspect(value, { breakLength: Number.POSITIVE_INFINITY });
  } catch {
    // For example, the value has an `inspect` of its own that throws.
    return unreadable;
  }
}

/** Returns any value as JSON, and never throws. What JSON cannot hold is a string: see {@link toText}. */
export function toJson(value: unknown): string {
  try {
    const json = JSON.stringify(value, replace) as string | undefined;
    if (json !== undefined) return json;
  } catch {
    // A cycle, or a getter that throws.
  }
  return JSON.stringify(toText(value));
}

// JSON.stringify throws for integers without a limit, and shows nothing of an error.
function replace(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (!(value instanceof Error)) return value;
  const { name, message, stack } = value;
  return Object.assign({ name, message, stack }, value);
}
