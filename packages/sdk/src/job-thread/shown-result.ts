import type { ShownResult } from "../thread-protocol/messages.ts";
import type { RunResult } from "./encode-result.ts";

/** The longest value that is shown whole, in characters of JSON. */
const maxValueLength = 256;
/** The number of paths and of parameters that are shown. */
const maxValues = 64;

/** Returns a result as the log shows it: long values and long lists are cut. */
export function toShown({ destinationPaths, parameters }: RunResult): ShownResult {
  const paths = destinationPaths.slice(0, maxValues).map((path) => String(shorten(path)));
  const values: Record<string, unknown> = {};
  for (const { id, value } of parameters.slice(0, maxValues)) values[id] = shorten(value);
  if (destinationPaths.length > maxValues) paths.push(`… (${destinationPaths.length - maxValues} more)`);
  if (parameters.length > maxValues) values["…"] = `${parameters.length - maxValues} more`;
  return { destinationPaths: paths, parameters: values };
}

function shorten(value: unknown): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= maxValueLength ? value : `${text.slice(0, maxValueLength)}… (${text.length} characters)`;
}
