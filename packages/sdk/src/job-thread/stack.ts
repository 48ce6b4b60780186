import { isError, messageOf } from "../errors.ts";
import { toText } from "../log/log-value.ts";
import { mapStack } from "./source-map.ts";

/** The maximum length of the text: a message may be long, and the log has it already. */
const maxLength = 65_536;
const maxDepth = 8;
const maxErrors = 10;

/**
 * Returns where an error was thrown, with its causes and the errors of an `AggregateError`; places in compiled files are
 * mapped to their sources. Undefined for a value that has no stack. Never throws, even if a property of the error does.
 */
export function stackOf(error: unknown): string | undefined {
  if (!read(() => isError(error))) return undefined;
  const text = describe(error as Error, 0, new Set());
  return text.length > maxLength ? `${text.slice(0, maxLength)}… (${text.length} characters)` : text;
}

function describe(error: Error, depth: number, told: Set<unknown>): string {
  told.add(error);
  const lines = [mapStack(textOf(error))];
  const inner = (title: string, value: unknown) => {
    if (told.has(value) || depth >= maxDepth) return;
    const text = read(() => isError(value)) ? describe(value as Error, depth + 1, told) : toText(value);
    lines.push(...`${title}: ${text}`.split("\n").map((line) => `  ${line}`));
  };
  const cause = read(() => error.cause);
  if (cause !== undefined) inner("Caused by", cause);
  const errors = read(() => (Array.isArray((error as AggregateError).errors) ? (error as AggregateError).errors : []));
  for (const [index, one] of (errors ?? []).slice(0, maxErrors).entries())
    inner(`Error ${index + 1} of ${errors?.length}`, one);
  return lines.join("\n");
}

// A stack may be a getter that throws, and some errors have none.
function textOf(error: Error): string {
  const stack = read(() => error.stack);
  return typeof stack === "string" && stack !== "" ? stack : messageOf(error);
}

// What the worker's code throws may have getters, and may be a proxy.
function read<Value>(get: () => Value): Value | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}
