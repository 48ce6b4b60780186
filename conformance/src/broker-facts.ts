import type { Capture, HttpCall, Json } from "./capture.ts";
import { addToGroup, type Fact, type Facts, type Groups } from "./facts.ts";
import { addMediaFacts } from "./media-facts.ts";
import { addMessageFacts } from "./message-facts.ts";
import { addTopologyFacts } from "./topology-facts.ts";
import { readWire } from "./wire.ts";

/** Reads all facts that are compared of a run on the broker. */
export function brokerFacts(capture: Capture): Facts {
  const { exit, http = [], kept, notes = [], destination_file } = capture;
  const fields = new Map<string, Fact>();
  const groups: Groups = new Map();
  fields.set("exit", exit?.code ?? exit?.state ?? null);
  addTopologyFacts(capture, fields, groups);
  const wire = readWire(capture.wire ?? []);
  const isInterrupted = notes.some(isInterruption);
  const order = addMessageFacts(wire, groups, isInterrupted);
  addHttpFacts(http, groups);
  if (kept) fields.set("kept", keptResponses(kept));
  for (const note of notes)
    if (typeof note === "object" && note !== null && "alive" in note) fields.set("alive", note.alive as boolean);
  const counted = notes.filter((note) => typeof note === "string");
  addMediaFacts(destination_file, counted, fields, groups);
  const isCut = wire.gapAt !== undefined;
  // Only the middle of long repetitions is left out.
  return { fields, groups, order: isInterrupted ? [] : order, isCut, mayLack: (count) => isCut && count > 0 };
}

function isInterruption(note: Json): boolean {
  return typeof note === "object" && note !== null && ("cut at ms" in note || "broker killed at ms" in note);
}

function addHttpFacts(calls: readonly HttpCall[], groups: Groups): void {
  for (const { request, headers, body, left_out } of calls) {
    if (left_out !== undefined) continue;
    const sent = { authorization: headers.authorization ?? "none", type: headers["content-type"] ?? "none", body };
    addToGroup(groups, `http[${request}]`, new Map(Object.entries(sent)));
  }
}

// The final responses in a durable queue, whatever happened to the worker.
function keptResponses(kept: NonNullable<Capture["kept"]>): string[] {
  return Object.values(kept)
    .flat()
    .filter((line) => /^job_(completed|error|stopped) /.test(line))
    .map((line) => `${line.split(" ")[0]} ${/"job_id":\s*(\d+)/.exec(line)?.[1] ?? ""}`);
}
