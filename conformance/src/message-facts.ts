import { flattenBody } from "./body.ts";
import type { Json } from "./capture.ts";
import { addToGroup, Beginning, type Fact, flatten, type Groups, unknown } from "./facts.ts";
import type { Delivered, Published, Wire } from "./wire.ts";

const finals = ["job_completed", "job_error", "job_stopped"];

/**
 * Adds what the worker published, and how it settled each delivery. Returns the order of the messages. It is random which jobs the
 * broker had sent when the script cut the connection, and which are redelivered only after a pause.
 */
export function addMessageFacts(wire: Wire, groups: Groups, isInterrupted: boolean): string[] {
  const order: string[] = [];
  for (const message of wire.published) {
    const token = tokenOf(message);
    const isProgression = message.routingKey === "job_progression";
    // Of progressions, only the position of the first one matters.
    if (!isProgression || !order.includes(token)) order.push(token);
    if (!isProgression) addToGroup(groups, `messages[${token}]`, messageFields(message));
  }
  addProgressions(wire, groups);
  const isByChance = ({ queue, redelivered, outcome }: Delivered) =>
    isInterrupted && queue === "job queue" && redelivered && outcome === "reject requeue=false";
  for (const delivery of wire.delivered.filter((one) => !isByChance(one)))
    addToGroup(groups, `deliveries[${delivery.order} from the ${delivery.queue}]`, deliveryFields(delivery, wire));
  return order;
}

/** Names a message by its exchange, routing key and job. */
function tokenOf({ exchange, routingKey, jobId }: Published): string {
  return `${exchange}/${routingKey}${jobId === undefined ? "" : ` ${jobId}`}`;
}

function messageFields({ properties, body, text }: Published): Map<string, Fact> {
  const fields = new Map<string, Fact>();
  flatten(properties, "properties", fields);
  if (body === undefined) fields.set("text", text);
  else flattenBody(body, "body", fields);
  return fields;
}

// All progressions of a job are one item: their values, and the other fields of the first one.
function addProgressions({ published, gapAt }: Wire, groups: Groups): void {
  const jobs = new Map<number | undefined, Published[]>();
  for (const message of published)
    if (message.routingKey === "job_progression")
      jobs.set(message.jobId, [...(jobs.get(message.jobId) ?? []), message]);
  for (const [jobId, all] of jobs) {
    const known = gapAt === undefined ? all : all.filter(({ sentAt }) => sentAt < gapAt);
    const values = known.map(({ body }) => (body as { progression: Json }).progression);
    const end = published.find((message) => message.jobId === jobId && finals.includes(message.routingKey));
    const isWhole = gapAt === undefined && end !== undefined && end.routingKey !== "job_stopped";
    // Repeated values are ignored. The progress of a job that was stopped, lost or killed is random.
    const changes = values.filter((value, index) => value !== values[index - 1]);
    const fields = new Map<string, Fact>();
    fields.set("values", isWhole ? changes : new Beginning(changes));
    const [first] = known;
    if (!first) fields.set("properties", unknown).set("body", unknown);
    else {
      const { progression: _, ...body } = first.body as Record<string, Json>;
      flatten(first.properties, "properties", fields);
      flattenBody(body, "body", fields);
    }
    addToGroup(groups, `progressions[${jobId}]`, fields);
  }
}

/** The answers that settle a delivery, in addition to the error, stop or republication of its job. */
const answers: Readonly<Record<string, readonly string[]>> = {
  job: ["job_completed"],
  init_process: ["worker_initialized"],
  start_process: ["worker_started"],
  update_process: ["worker_updated"],
  stop_process: ["job_completed"],
  status: ["worker_status"],
  stop_consuming_jobs: ["worker_status"],
  resume_consuming_jobs: ["worker_status"],
  get_black_list: ["worker_black_list"],
  stop_worker: ["worker_terminated"],
};

// How it was settled, and after which of its answers were confirmed.
function deliveryFields(delivery: Delivered, { published, gapAt }: Wire): Map<string, Fact> {
  const { at, settledAt = Number.POSITIVE_INFINITY, order, outcome, redelivered } = delivery;
  if (gapAt !== undefined && at < gapAt && settledAt > gapAt) return new Map([["settled", unknown]]);
  const [type = "", jobId] = order.split(" ");
  const isAnswer = (message: Published) =>
    (message.jobId === undefined || message.jobId === Number(jobId)) &&
    (["job_error", "job_stopped", ...(answers[type] ?? [])].includes(message.routingKey) ||
      /^job_(submit|delayed)$|^$/.test(message.exchange));
  const before = published.filter(
    (message) => isAnswer(message) && message.sentAt > at && message.safeAt !== undefined && message.safeAt < settledAt,
  );
  const after = Number.isFinite(settledAt) ? ` after ${before.map(tokenOf).join(", ") || "nothing"}` : "";
  return new Map([["settled", `${redelivered ? "redelivered, " : ""}${outcome}${after}`]]);
}
