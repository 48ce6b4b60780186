import type { Capture, Json, WireRecord } from "./capture.ts";
import { addToGroup, type Fact, flatten, type Groups } from "./facts.ts";

const named: Readonly<Record<string, (args: Readonly<Record<string, Json>>) => string>> = {
  "exchange.declare": (args) => `exchange ${args.exchange}`,
  "queue.declare": (args) => `queue ${args.queue}`,
  "queue.bind": (args) => `binding ${args.exchange} to ${args.queue}`,
};

/** Adds what the worker declared and consumed, and what exists on the broker at the end. */
export function addTopologyFacts(
  { wire = [], topology, queues_at_end }: Capture,
  fields: Map<string, Fact>,
  groups: Groups,
): void {
  const order = new Set<string>();
  for (const { method, dir, args = {} } of wire) {
    if (dir !== "worker>broker") continue;
    if (method === "queue.delete")
      fields.set(`deletes[${args.queue}]`, `if_unused=${args.if_unused} if_empty=${args.if_empty}`);
    const name = named[method]?.(args);
    if (name === undefined) continue;
    if (!order.has(name)) {
      const declared = new Map<string, Fact>();
      flatten(withTypes(args), "args", declared);
      addToGroup(groups, `declares[${name}]`, declared);
    }
    order.add(name);
  }
  fields.set("declares.order", [...order]);
  addConsumers(wire, fields, groups);
  for (const [kind, list] of Object.entries(topology ?? {}))
    for (const one of list) {
      const name = kind === "bindings" ? `${one.source} to ${one.destination}` : one.name;
      flatten(one, `broker.${kind}[${name}]`, fields);
    }
  // Except the queues of the capture script, whose content is in the field `kept`, and the one whose messages expire.
  for (const [name, counts] of typeof queues_at_end === "object" ? Object.entries(queues_at_end) : [])
    if (!name.startsWith("all_") && name !== "job_delayed") fields.set(`queues[${name}]`, countsOf(counts));
}

function countsOf(counts: Json): string {
  const { ready, consumers } = counts as { ready: number; consumers: number };
  return `${ready} ready, ${consumers} consumers`;
}

// The proxy writes {"t": "s", "v": 5000} for a 16-bit 5000.
function withTypes(value: Json): Json {
  if (Array.isArray(value)) return value.map((one: Json) => withTypes(one));
  if (typeof value !== "object" || value === null) return value;
  const { t, v } = value as { t?: Json; v?: Json };
  if (typeof t === "string" && v !== undefined) return `${t}:${JSON.stringify(withTypes(v))}`;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withTypes(one)]));
}

function addConsumers(wire: readonly WireRecord[], fields: Map<string, Fact>, groups: Groups): void {
  const consumers = new Map<string, Map<string, Fact>>();
  const prefetch = new Map<string, Json>();
  const events = new Map<string, string[]>();
  const refusals: string[] = [];
  for (const { method, dir, conn, channel, args = {} } of wire) {
    const place = `${conn}/${channel}`;
    const tag = String(args.consumer_tag);
    const event = (text: string) => events.set(tag, [...(events.get(tag) ?? []), text]);
    if (dir === "worker>broker" && method === "basic.qos") prefetch.set(place, args.prefetch_count ?? null);
    else if (dir === "worker>broker" && method === "basic.consume") {
      event("consume");
      consumers.set(tag, new Map(Object.entries({ ...args, arguments: withTypes(args.arguments ?? {}) })));
      consumers.get(tag)?.set("prefetch", prefetch.get(place) ?? 0);
    } else if (method === "basic.cancel") event(dir === "worker>broker" ? "cancel" : "cancelled by the broker");
    else if (dir === "broker>worker" && /^(channel|connection)\.close$/.test(method))
      refusals.push(`${method} ${args.reply_code}`);
  }
  for (const [tag, consumer] of consumers) {
    consumer.set("events", events.get(tag) ?? []);
    addToGroup(groups, `consumers[${tag}]`, consumer);
  }
  fields.set("refusals", refusals);
}
