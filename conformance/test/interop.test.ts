import { once } from "node:events";
import type { Server } from "node:http";
import { afterAll, beforeAll, expect, it } from "vitest";
import { flattenBody } from "../src/body.ts";
import { type Broker, startBroker } from "../src/broker.ts";
import type { Json } from "../src/capture.ts";
import type { Fact } from "../src/facts.ts";
import { missingMaterial } from "../src/paths.ts";
import { ensurePrograms, ensurePython, ToolMissing } from "../src/tools.ts";
import { startBackend } from "./backend.ts";
import { MixedWorkers, referencePackages } from "./mixed-workers.ts";

let missing = missingMaterial();
let python = "";
let broker: Broker | undefined;
let backend: { readonly url: string; readonly server: Server } | undefined;

beforeAll(async () => {
  if (missing !== undefined) return;
  try {
    ensurePrograms(false);
    python = ensurePython("reference", referencePackages());
  } catch (error) {
    if (!(error instanceof ToolMissing) || process.env.CI) throw error;
    missing = error.message;
    return;
  }
  broker = await startBroker();
  backend = await startBackend();
}, 180_000);

afterAll(async () => {
  backend?.server.close();
  await broker?.stop();
});

async function open(vhost: string): Promise<MixedWorkers> {
  if (!broker || !backend) throw new Error("the broker did not start");
  return MixedWorkers.open(broker, vhost, backend.url, python);
}

/** Returns names and types of the fields of a status, without those that depend on the machine. */
function fieldsOf(body: Readonly<Record<string, unknown>>): string[] {
  const fields = new Map<string, Fact>();
  flattenBody(body as Json, "status", fields);
  return [...fields].map(([field, fact]) => `${field}: ${typeof fact}`).sort();
}

it("completes every job of a queue shared with a worker of the Python SDK, without dead letters at shutdown", async (ctx) => {
  if (missing !== undefined) return ctx.skip(missing);
  const mixed = await open("mixed");
  try {
    const peer = await mixed.start("python");
    const ours = await mixed.start("ours");

    mixed.broadcast({ type: "status" });
    const statuses = await mixed.waitFor("worker_status", 2);
    const of = (id: string) => statuses.find(({ body }) => (body.worker as { instance_id: string }).instance_id === id);
    const ownFields = fieldsOf(of(ours.instanceId)?.body ?? {});
    expect(ownFields.filter((field) => !field.startsWith("status.worker.short_description"))).toEqual(
      fieldsOf(of(peer.instanceId)?.body ?? {}),
    );

    // Each worker runs a long job while the others wait; then ours is shut down.
    const jobs = 200;
    for (const id of [1, 2]) mixed.job(id, "sleep", 3);
    for (let id = 3; id <= jobs; id++) mixed.job(id, "noop");
    const progressOf = async (id: string) => {
      for (let count = 1; ; count++) {
        const found = await mixed.waitFor("job_progression", count);
        if (found.some(({ body }) => body.docker_container_id === id)) return;
      }
    };
    await progressOf(ours.instanceId);
    ours.child.kill("SIGTERM");
    expect(await once(ours.child, "exit")).toEqual([0, null]);
    const second = await mixed.start("ours");

    const ended = await mixed.waitFor("job_completed", jobs);
    expect(ended.map(({ body }) => Number(body.job_id)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: jobs }, (_, index) => index + 1),
    );
    expect(mixed.deadLetters).toBe(0);
    // Another worker started the job again that ours was running at its shutdown.
    const begun = mixed.answers.filter(({ key }) => key === "job_progression").map(({ body }) => body);
    const given = begun.find(({ docker_container_id }) => docker_container_id === ours.instanceId)?.job_id;
    expect(begun.some((one) => one.job_id === given && one.docker_container_id !== ours.instanceId)).toBe(true);
    expect(mixed.answers.filter(({ key }) => key === "job_error" || key === "job_stopped")).toEqual([]);
    await Promise.all([peer, second].map(({ instanceId }) => progressOf(instanceId)));
    expect(await mixed.checkQueue()).toMatchObject({ messageCount: 0, consumerCount: 2 });
  } finally {
    await mixed.close();
  }
}, 60_000);

it("can start before the worker of the Python SDK", async (ctx) => {
  if (missing !== undefined) return ctx.skip(missing);
  const mixed = await open("mixed_ours_first");
  try {
    const ours = await mixed.start("ours");
    const peer = await mixed.start("python");
    for (const id of [1, 2]) mixed.job(id, "sleep", 1);
    await mixed.waitFor("job_completed", 2);
    const working = new Set(mixed.answers.flatMap(({ body }) => body.docker_container_id ?? []));
    expect(working).toEqual(new Set([ours.instanceId, peer.instanceId]));
    expect([ours.child.exitCode, peer.child.exitCode]).toEqual([null, null]);
  } finally {
    await mixed.close();
  }
}, 60_000);
