import type { Json } from "./capture.ts";
import { type Fact, flatten, unknown } from "./facts.ts";

const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

/** Adds the fields of a message body. Values that differ between runs are replaced by their type or form: times, durations, figures. */
export function flattenBody(body: Json, path: string, fields: Map<string, Fact>): void {
  flatten(name(body), path, fields);
  for (const [field, value] of fields) if (value === emptyList) fields.set(field, unknown);
}

const emptyList = "<nothing of this kind on the machine>";

function name(value: Json, key = ""): Json {
  if (key === "system_info") return shapeOf(value);
  if (key === "datetime") return typeof value === "string" && time.test(value) ? "<time>" : value;
  if (["execution_duration", "cpu_time", "gpu_time"].includes(key) && typeof value === "number") return "<seconds>";
  if (Array.isArray(value)) return value.map((one: Json) => name(one));
  if (typeof value !== "object" || value === null) return value;
  const { id } = value as { id?: Json };
  return Object.fromEntries(
    Object.entries(value).map(([field, one]) => [
      field,
      // In JSON Schema it is a set.
      field === "required" && Array.isArray(one)
        ? [...one].sort()
        : // The progress of a stopped job.
          id === "stopped_at" && field === "value" && /^\d+$/.test(String(one))
          ? "<count>"
          : name(one, field),
    ]),
  );
}

// Names and types. The members of a list are merged, because their number differs between machines.
function shapeOf(value: Json): Json {
  if (Array.isArray(value)) {
    if (value.length === 0) return { each: emptyList };
    const members = value.map((one: Json) => shapeOf(one));
    return { each: members.every(isObject) ? Object.assign({}, ...members) : (members[0] as Json) };
  }
  if (!isObject(value)) return value === null ? "null" : typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, shapeOf(one)]));
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
