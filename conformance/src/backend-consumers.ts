import type { Json } from "./capture.ts";
import type { Published } from "./wire.ts";

type Body = Readonly<Record<string, Json>>;

/** The job states that the backend accepts; it crashes on any other. */
const states = [
  ...["queued", "skipped", "processing", "retrying", "error", "completed", "ready_to_init", "ready_to_start"],
  ...["update", "stopped", "initializing", "starting", "updating", "initialized", "running", "unknown"],
];
const activities = ["Idle", "Busy", "Suspended", "Terminated"];

/** What each consumer of the backend requires in a message (docs/protocol.md), by routing key. */
const consumers: Readonly<Record<string, (body: Body, need: Needs) => void>> = {
  job_completed(body, need) {
    need.jobId(body);
    need.oneOf(body, "status", states);
    need.that(isListOf(body.destination_paths, isText), "destination_paths: expected a list of paths");
    need.that(isListOf(body.parameters, isParameter), "parameters: expected a list of parameters");
  },
  job_stopped(body, need) {
    need.jobId(body);
    // The backend stores the state that is sent.
    need.oneOf(body, "status", ["stopped"]);
  },
  job_error(body, need) {
    need.jobId(body);
    const [only, ...more] = Array.isArray(body.parameters) ? (body.parameters as Body[]) : [];
    const isMessage = only?.id === "message" && only.type === "string" && isText(only.value);
    need.that(
      isText(body.error) || (body.status === "error" && isMessage && more.length === 0),
      "expected the status error and the message as its one parameter",
    );
  },
  job_progression(body, need) {
    need.jobId(body);
    need.text(body, "datetime", "docker_container_id");
    need.that(!Number.isNaN(Date.parse(String(body.datetime))), "datetime: expected a time");
    const { progression } = body;
    need.that(
      Number.isInteger(progression) && Number(progression) >= 0 && Number(progression) <= 100,
      "progression: expected an integer from 0 to 100",
    );
  },
  worker_discovery(body, need) {
    need.text(body, "queue_name", "label", "version", "short_description", "description");
    need.that(isObject(body.parameters), "parameters: expected a schema");
  },
  worker_created(body, need) {
    need.text(body, "direct_messaging_queue_name");
  },
  worker_initialized: (body, need) => need.jobId(body),
  worker_started: (body, need) => need.jobId(body),
  worker_updated: (body, need) => need.jobId(body),
  worker_status(body, need) {
    need.that("job" in body && isObject(body.worker), "expected the keys job and worker");
    const worker = (isObject(body.worker) ? body.worker : {}) as Body;
    need.text(worker, "instance_id", "description", "label", "queue_name", "sdk_version", "version");
    need.oneOf(worker, "activity", activities);
    need.text(isObject(worker.system_info) ? worker.system_info : {}, "docker_container_id");
    if (body.job === null) return;
    const job = (isObject(body.job) ? body.job : {}) as Body;
    need.jobId(job);
    need.oneOf(job, "status", states);
    need.that(typeof job.execution_duration === "number", "job.execution_duration: expected a number");
  },
  worker_terminated(body, need) {
    need.that(body.job_id !== undefined || isText(body.instance_id), "expected a job_id or an instance_id");
  },
  // It has no known consumer.
  worker_black_list: () => undefined,
};

/**
 * Finds what the backend's consumer of a message would reject: such a message is redelivered until the backend sets the job to
 * error. Orders that the worker returns to a queue are not checked.
 */
export function findConsumerFaults({ exchange, routingKey, body, text }: Published): string[] {
  if (exchange !== "job_response" && exchange !== "worker_response") return [];
  const consumer = consumers[routingKey];
  const home = routingKey.startsWith("job_") ? "job_response" : "worker_response";
  const needs = new Needs();
  needs.that(consumer !== undefined, "no consumer has this routing key");
  needs.that(exchange === home || routingKey === "worker_discovery", `expected on the exchange ${home}`);
  if (isObject(body)) consumer?.(body as Body, needs);
  else needs.that(false, `expected a JSON object, got ${text.slice(0, 80)}`);
  return needs.faults.map((fault) => `${exchange}/${routingKey}: ${fault}`);
}

class Needs {
  readonly faults: string[] = [];

  that(condition: boolean, fault: string): void {
    if (!condition) this.faults.push(fault);
  }

  jobId({ job_id }: Body): void {
    this.that(Number.isSafeInteger(job_id) && Number(job_id) >= 0, "job_id: expected a number");
  }

  text(body: Body, ...names: string[]): void {
    for (const name of names) this.that(isText(body[name]), `${name}: expected a text that is not blank`);
  }

  oneOf(body: Body, name: string, values: readonly string[]): void {
    this.that(values.includes(String(body[name])), `${name}: ${JSON.stringify(body[name])} is not one of ${values}`);
  }
}

function isText(value: Json | undefined): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isListOf(value: Json | undefined, isOne: (value: Json) => boolean): boolean {
  return Array.isArray(value) && value.every((one: Json) => isOne(one));
}

function isParameter(value: Json): boolean {
  if (!isObject(value)) return false;
  return isText(value.id) && isText(value.type) && ["value", "store", "default"].every((key) => key in value);
}
