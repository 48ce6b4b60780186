import { describe, expect, it } from "vitest";
import { findConsumerFaults } from "../src/backend-consumers.ts";
import type { Capture, Json, WireRecord } from "../src/capture.ts";
import { compare } from "../src/compare.ts";
import { findListFaults, type Intended, judge } from "../src/intended.ts";
import type { Published } from "../src/wire.ts";

const worker = "worker>broker";
const broker = "broker>worker";
const record = (dir: string, method: string, args: Record<string, Json>, body?: object, conn = 1): WireRecord => ({
  conn,
  channel: 1,
  dir,
  method,
  args,
  ...(body && { properties: {}, body: JSON.stringify(body) }),
});
const deliver = (conn = 1) =>
  record(
    broker,
    "basic.deliver",
    { consumer_tag: "amqp_worker", delivery_tag: 1 },
    { job_id: 7, parameters: [] },
    conn,
  );
const publish = (status: string, conn = 1) =>
  record(
    worker,
    "basic.publish",
    { exchange: "job_response", routing_key: "job_completed" },
    { job_id: 7, status },
    conn,
  );
const acknowledge = (conn = 1) => record(worker, "basic.ack", { delivery_tag: 1, multiple: false }, undefined, conn);
const capture = (wire: readonly WireRecord[]): Capture => ({
  ...{ scenario: "core_x", worker: "core", about: "", env: {}, notes: [], orders: [], stdout: "", stderr: [] },
  exit: { state: "ended by itself", code: 0 },
  wire,
});

describe("the comparison", () => {
  const reference = capture([deliver(), publish("completed"), acknowledge()]);
  const settled = "deliveries[job 7 from the job queue].settled";

  it("treats two connections with confirms as equal", () => {
    const ours = capture([
      record(worker, "confirm.select", {}, undefined, 2),
      deliver(),
      publish("completed", 2),
      record(broker, "basic.ack", { delivery_tag: 1, multiple: false }, undefined, 2),
      acknowledge(),
    ]);
    expect(compare(reference, ours).differences).toEqual([]);
  });

  it("finds an acknowledgement before its answer is confirmed", () => {
    const early = capture([deliver(), acknowledge(), publish("completed")]);
    expect(compare(reference, early).differences).toMatchObject([{ field: settled, ours: "ack after nothing" }]);
    const unconfirmed = capture([
      record(worker, "confirm.select", {}, undefined, 2),
      deliver(),
      publish("completed", 2),
      acknowledge(),
      record(broker, "basic.ack", { delivery_tag: 1, multiple: false }, undefined, 2),
    ]);
    expect(compare(reference, unconfirmed).differences).toMatchObject([{ field: settled, ours: "ack after nothing" }]);
  });

  it("finds a different body and a missing message", () => {
    const other = capture([deliver(), publish("stopped"), acknowledge()]);
    const field = "messages[job_response/job_completed 7].body.status";
    expect(compare(reference, other).differences).toMatchObject([{ field, reference: "completed", ours: "stopped" }]);
    const fields = compare(reference, capture([deliver(), acknowledge()])).differences.map((one) => one.field);
    expect(fields.sort()).toEqual([settled, "messages[job_response/job_completed 7].count"].sort());
  });

  it("judges differences by the list", () => {
    const comparison = compare(reference, capture([deliver(), publish("stopped"), acknowledge()]));
    const entry = (scenario: string, field: string): Intended => ({ scenario, field, why: "K5", note: "So it is." });
    const used = entry("core_x", "messages[*].body.status");
    expect(judge([comparison], [used], true)).toMatchObject({ unexplained: [], unused: [] });
    expect(judge([comparison], [], true).unexplained).toHaveLength(1);
    const wrong = [entry("core_x", "exit"), entry("*", "exit")];
    expect(judge([comparison], [used, ...wrong], true).unused).toEqual(wrong);
    // For a part of the folder, only entries for a single scenario of that part can be judged.
    expect(judge([comparison], [used, ...wrong, entry("core_y", "exit")], false).unused).toEqual([wrong[0]]);
  });

  it("rejects an entry without a documented reason", () => {
    const protocol = "\n| K5 | a fault |\n| discovery | both |";
    const entry = { scenario: "a", field: "b", why: "K5", note: "So it is." };
    expect(findListFaults([entry, { ...entry, field: "c", why: "discovery" }], protocol)).toEqual([]);
    for (const wrong of [{ why: "K6" }, { why: "taste" }, { note: "So. Or so." }])
      expect(findListFaults([{ ...entry, ...wrong }], protocol)).toHaveLength(1);
    expect(findListFaults([entry, entry], protocol)).toHaveLength(1);
  });
});

describe("a consumer of the backend", () => {
  const message = (routingKey: string, body: Json, exchange = "job_response"): Published => ({
    ...{ exchange, routingKey, properties: {}, text: JSON.stringify(body), body },
    ...{ jobId: undefined, safeAt: 1, sentAt: 1, confirms: false },
  });
  const parameter = (id: string, value: Json) => ({ id, type: "string", value, store: null, default: null });
  const error = { job_id: 7, status: "error", parameters: [parameter("message", "boom")] };
  const status = {
    job: null,
    worker: {
      ...{ instance_id: "i", description: "d", label: "l", queue_name: "q", sdk_version: "2.2.1", version: "1.0.0" },
      ...{ activity: "Idle", system_info: { docker_container_id: "i" } },
    },
  };
  const discovery = { queue_name: "q", label: "l", version: "1.0.0", description: "d", short_description: "s" };

  it("accepts valid messages", () => {
    expect(findConsumerFaults(message("job_error", error))).toEqual([]);
    expect(findConsumerFaults(message("worker_status", status, "worker_response"))).toEqual([]);
    expect(findConsumerFaults(message("worker_discovery", { ...discovery, parameters: {} }))).toEqual([]);
    // An order that is returned to a queue is not checked.
    expect(findConsumerFaults(message("job_golden", { job_id: 7 }, ""))).toEqual([]);
  });

  it.each<[string, string, Json, string?]>([
    ["an error without an id", "job_error", { ...error, job_id: null }],
    [
      "an error with a result in addition to its message",
      "job_error",
      { ...error, parameters: [parameter("message", "boom"), {}] },
    ],
    ["an invalid state", "job_completed", { ...error, status: "updated", destination_paths: [] }],
    ["a parameter without its nulls", "job_completed", { ...error, destination_paths: [], parameters: [{ id: "a" }] }],
    ["a stopped job with the status completed", "job_stopped", { job_id: 7, status: "completed" }],
    [
      "a progression of 101",
      "job_progression",
      { ...error, progression: 101, datetime: "2026", docker_container_id: "i" },
    ],
    [
      "a worker without a short description",
      "worker_discovery",
      { ...discovery, short_description: " ", parameters: {} },
    ],
    ["a status without the key job", "worker_status", { worker: status.worker }, "worker_response"],
    [
      "a status of an updated job",
      "worker_status",
      { ...status, job: { ...error, status: "updated" } },
      "worker_response",
    ],
    ["an answer on the wrong exchange", "job_error", error, "worker_response"],
    ["an unknown routing key", "job_done", error],
  ])("rejects %s", (_, routingKey, body, exchange) => {
    expect(findConsumerFaults(message(routingKey, body, exchange))).not.toEqual([]);
  });
});
