import type { Json, WireRecord } from "./capture.ts";

/** A message that the worker published. */
export interface Published {
  readonly exchange: string;
  readonly routingKey: string;
  readonly properties: Readonly<Record<string, Json>>;
  readonly text: string;
  /** Undefined if it is not JSON. */
  readonly body: Json | undefined;
  readonly jobId: number | undefined;
  /** Its position in the records; on a channel with confirms, the position of its confirm; undefined if it was not confirmed. */
  safeAt: number | undefined;
  readonly sentAt: number;
  /** Whether the channel has confirms. */
  readonly confirms: boolean;
}

/** A message that the worker received. */
export interface Delivered {
  readonly queue: "job queue" | "direct queue";
  /** The type and the job of the order. */
  readonly order: string;
  readonly redelivered: boolean;
  readonly at: number;
  settledAt: number | undefined;
  outcome: string;
}

/** The messages between the worker and the broker, over all connections and channels. */
export interface Wire {
  readonly published: readonly Published[];
  readonly delivered: readonly Delivered[];
  /** The position of a missing part of the records. */
  readonly gapAt: number | undefined;
}

function describeOrder(text: string): string {
  const body = parse(text);
  if (typeof body !== "object" || body === null || Array.isArray(body)) return "unreadable";
  const { type, job_id } = body as { type?: Json; job_id?: Json };
  return `${type ?? "job"}${job_id === undefined ? "" : ` ${job_id}`}`;
}

/** Reads the wire records of a capture. */
export function readWire(records: readonly WireRecord[]): Wire {
  const published: Published[] = [];
  const delivered: Delivered[] = [];
  const unconfirmed = new Map<string, Published[]>();
  const unsettled = new Map<string, Delivered>();
  let gapAt: number | undefined;
  for (const [at, record] of records.entries()) {
    if (record.left_out !== undefined) {
      gapAt ??= at;
      // Confirms count messages, and the number of missing ones is unknown.
      for (const message of [...unconfirmed.values()].flat()) message.safeAt ??= message.sentAt;
      unconfirmed.clear();
      continue;
    }
    const { conn, channel = 0, method, dir, args = {} } = record;
    const where = `${conn}/${channel}`;
    const step = `${dir === "worker>broker" ? "worker" : "broker"} ${method}`;
    const tag = Number(args.delivery_tag);
    if (step === "worker confirm.select") unconfirmed.set(where, []);
    else if (step === "worker basic.publish") {
      const message = toPublished(record, at, unconfirmed.has(where));
      published.push(message);
      unconfirmed.get(where)?.push(message);
    } else if (step === "broker basic.ack") {
      const list = unconfirmed.get(where) ?? [];
      const confirmed = args.multiple === true ? list.slice(0, tag) : list.slice(tag - 1, tag);
      for (const message of confirmed) message.safeAt ??= at;
    } else if (step === "broker basic.deliver") {
      const delivery: Delivered = {
        queue: args.consumer_tag === "amqp_worker" ? "job queue" : "direct queue",
        order: describeOrder(record.body ?? ""),
        redelivered: args.redelivered === true,
        at,
        settledAt: undefined,
        outcome: "not settled",
      };
      delivered.push(delivery);
      unsettled.set(`${where}/${tag}`, delivery);
    } else if (/^worker basic\.(ack|reject|nack)$/.test(step)) {
      for (const [key, delivery] of unsettled) {
        const [place, number] = [key.slice(0, key.lastIndexOf("/")), Number(key.slice(key.lastIndexOf("/") + 1))];
        if (place !== where || !(number === tag || (args.multiple === true && number < tag))) continue;
        delivery.settledAt = at;
        delivery.outcome = `${method.slice(6)}${args.requeue === undefined ? "" : ` requeue=${args.requeue}`}`;
        unsettled.delete(key);
      }
    }
  }
  return { published, delivered, gapAt };
}

function toPublished(record: WireRecord, at: number, confirms: boolean): Published {
  const { args = {}, properties = {}, body: text = "" } = record;
  const body = parse(text);
  const jobId = (body as { job_id?: Json } | undefined)?.job_id;
  return {
    exchange: String(args.exchange),
    routingKey: String(args.routing_key),
    properties,
    text,
    body,
    jobId: typeof jobId === "number" ? jobId : undefined,
    safeAt: confirms ? undefined : at,
    sentAt: at,
    confirms,
  };
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
