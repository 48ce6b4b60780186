import type { Json } from "./capture.ts";
import { addToGroup, Beginning, type Fact, type Groups } from "./facts.ts";

type Frame = Readonly<Record<string, Json>>;

/** The properties of a frame or a batch that both workers write; frames of the reference have more of FFmpeg's. */
const written = [
  ...["job_id", "stream", "n", "status", "name", "pts", "key_frame", "width", "height"],
  ...["nb_samples", "sample_rate", "channels"],
];

/** Adds what the media worker received, from its destination and from its counts. */
export function addMediaFacts(
  destination: string | null | undefined,
  notes: readonly string[],
  fields: Map<string, Fact>,
  groups: Groups,
): void {
  if (destination !== undefined) fields.set("destination.exists", destination !== null);
  if (typeof destination === "string") addDestination(destination, fields, groups);
  for (const note of notes) {
    const counts = /^ENDING (.*)$/.exec(note)?.[1];
    if (counts === undefined) continue;
    for (const [index, stream] of Object.entries(JSON.parse(counts) as Record<string, Record<string, number>>))
      fields.set(
        `counted[stream ${index}]`,
        `${stream.frames} frames in ${stream.calls} calls, the last of ${stream.last_batch}`,
      );
  }
}

function addDestination(text: string, fields: Map<string, Fact>, groups: Groups): void {
  let frames: readonly Json[];
  try {
    frames = (JSON.parse(text) as { frames: readonly Json[] }).frames;
  } catch {
    fields.set("destination.text", text);
    return;
  }
  fields.set("destination.forms", [...new Set(frames.map((frame) => readFrame(frame).form))].sort());
  const streams = new Map<string, Frame[][]>();
  for (const frame of frames) {
    const value = readFrame(frame).value;
    // The result of a handler that returned nothing is null.
    const batch = (Array.isArray(value) ? value : [value ?? {}]) as Frame[];
    const name = `stream ${batch[0]?.stream ?? batch[0]?.name ?? "?"}`;
    streams.set(name, [...(streams.get(name) ?? []), batch]);
  }
  for (const [name, batches] of streams) addToGroup(groups, `destination[${name}]`, streamFields(batches));
}

// Each property over all batches. Their number is the field `calls`, so the others are compared as far as both sides have them.
function streamFields(batches: readonly Frame[][]): Map<string, Fact> {
  const all = batches.flat();
  const fields = new Map<string, Fact>([["calls", batches.length]]);
  for (const key of written.filter((name) => all.some((frame) => name in frame)))
    fields.set(key, new Beginning(all.map((frame) => frame[key] ?? null)));
  return fields;
}

// The reference writes the text of a Python value.
function readFrame(frame: Json): { readonly form: string; readonly value: Json } {
  if (typeof frame !== "string") return { form: "JSON", value: frame };
  try {
    return { form: "text of JSON", value: JSON.parse(frame) as Json };
  } catch {
    const json = frame.replaceAll("'", '"').replace(/\b(None|True|False)\b/g, (word) => python[word] as string);
    return { form: "text of Python", value: JSON.parse(json) as Json };
  }
}

const python: Readonly<Record<string, string>> = { None: "null", True: "true", False: "false" };
