import { describe, expect, it } from "vitest";
import { CurrentJob } from "../../src/dispatch/current-job.ts";
import type { PendingUpdates } from "../../src/dispatch/pending-updates.ts";
import { Responder } from "../../src/dispatch/responder.ts";
import type { WorkerConfiguration } from "../../src/response/worker-configuration.ts";
import { SystemInfo } from "../../src/system-info/system-info.ts";
import { MemoryTransport } from "../../src/testing/memory-transport.ts";
import { emptyResult, type RunEnd } from "../../src/thread-protocol/messages.ts";
import type { Delivery } from "../../src/transport/transport.ts";
import { silentLog as log } from "../support/silent-log.ts";

const maxResponseBytes = 10_000;
const huge = { id: "text", type: "string", store: null, value: "x".repeat(maxResponseBytes), default: null };

/** Ends a job that came directly, and returns the status that was counted and the response that was published. */
async function end(end: RunEnd, isStopOrdered: boolean): Promise<readonly [string | undefined, string | undefined]> {
  const transport = new MemoryTransport(maxResponseBytes);
  const responder = new Responder({
    ...{ transport, log, systemInfo: new SystemInfo(() => "test"), configuration: {} as WorkerConfiguration },
    settings: { maxErrorBytes: 1000 },
  });
  let counted: string | undefined;
  responder.onJobEnded = (status) => {
    counted = status;
  };
  const delivery: Delivery = {
    ...{
      body: new Uint8Array(),
      origin: "the test",
      direct: true,
      redelivered: false,
      deaths: 0,
      softRejects: 0,
      attempt: 1,
    },
    ...{ canRequeue: false, canCountDeath: false, canDelay: false, settle: async () => true },
  };
  const job = new CurrentJob(1, 1, false, log, {} as PendingUpdates);
  job.hold(delivery, "ended");
  if (isStopOrdered) job.hold(delivery, "stopped");
  await responder.end(job, end);
  return [counted, transport.published[0]?.routingKey];
}

describe("the responder counts a job with the status that it publishes", () => {
  it.each<[title: string, end: RunEnd, isStopOrdered: boolean, status: string]>([
    [
      "that cannot be delayed",
      { status: "delayed", cause: "requirements", message: "a file is missing" },
      false,
      "error",
    ],
    [
      "that was to be stopped and cannot be delayed",
      { status: "delayed", cause: "requirements", message: "missing" },
      true,
      "stopped",
    ],
    [
      "whose results are too large",
      { status: "completed", result: { ...emptyResult, parameters: JSON.stringify([huge]) } },
      false,
      "error",
    ],
    ["that is completed", { status: "completed", result: emptyResult }, false, "completed"],
  ])("for a job %s", async (_, ended, isStopOrdered, status) => {
    expect(await end(ended, isStopOrdered)).toEqual([status, `job_${status}`]);
  });
});
