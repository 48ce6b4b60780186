import { readFileSync } from "node:fs";
import { decodeOrder, orderSchemas } from "@mcai/worker-sdk";
import { expect, it } from "vitest";
import { findConsumerFaults } from "../src/backend-consumers.ts";
import type { Json } from "../src/capture.ts";

const page = readFileSync(new URL("../../docs/protocol.md", import.meta.url), "utf8");
const examples = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].flatMap(([, lines = ""]) =>
  lines.trim().split("\n"),
);
const isResponse = (text: string) => /"(?:status|worker_description|instance_id|progression)":/.test(text);

it("docs/protocol.md has an example of every order, which the worker accepts", () => {
  const types = examples.filter((text) => !isResponse(text)).map((text) => decodeOrder(Buffer.from(text)).type);
  expect([...new Set(types)].sort()).toEqual(Object.keys(orderSchemas).sort());
});

it("docs/protocol.md has an example of every response, which the backend accepts", () => {
  const kinds = examples.filter(isResponse).map((text) => {
    const body = JSON.parse(text) as { readonly [key: string]: Json };
    const routingKey = kindOf(body);
    const exchange = routingKey.startsWith("job_") ? "job_response" : "worker_response";
    const wire = { properties: {}, jobId: undefined, safeAt: 1, sentAt: 1, confirms: false };
    expect(findConsumerFaults({ ...wire, exchange, routingKey, text, body }), text).toEqual([]);
    return routingKey;
  });
  expect(kinds.sort()).toEqual([
    ...["job_completed", "job_error", "job_progression", "job_stopped", "worker_black_list", "worker_discovery"],
    ...["worker_initialized", "worker_started", "worker_status", "worker_updated"],
  ]);
});

// The bodies of worker_created and worker_terminated are that of worker_discovery.
function kindOf(body: { readonly [key: string]: Json }): string {
  const byStatus: Readonly<Record<string, string>> = {
    ...{ completed: "job_completed", stopped: "job_stopped", error: "job_error" },
    ...{ ready_to_start: "worker_initialized", processing: "worker_started", updated: "worker_updated" },
  };
  if (body.type === "status") return "worker_status";
  if ("progression" in body) return "job_progression";
  if ("black_list" in body) return "worker_black_list";
  return byStatus[String(body.status)] ?? "worker_discovery";
}
