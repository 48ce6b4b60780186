import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BlackList } from "../../src/dispatch/black-list.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { readSettings } from "../../src/env.ts";
import { defineWorker, Type } from "../../src/index.ts";
import type { WorkerConfiguration } from "../../src/response/worker-configuration.ts";
import { SystemInfo } from "../../src/system-info/system-info.ts";
import { startTestWorker } from "../../src/testing.ts";
import { emptyResult } from "../../src/thread-protocol/messages.ts";
import type { Settlement } from "../../src/transport/transport.ts";
import { silentLog as log } from "../support/silent-log.ts";
import { direct, job } from "../support/test-orders.ts";
import { disposable } from "../support/test-workers.ts";

/** A dispatcher that does a job which it got directly or from the queue, and whether it consumes the queue. */
async function begin(isDirect: boolean) {
  const settings = readSettings({});
  let isConsuming = false;
  const transport = {
    start: async () => undefined,
    consume: async (jobs: boolean) => {
      isConsuming = jobs;
    },
    publish: async () => undefined,
    stop: async () => undefined,
  };
  const thread = { launches: 1, post: () => undefined, replace: async () => undefined, stop: async () => true };
  const dispatcher = new Dispatcher({
    ...{ transport, settings, log, hasInitProcess: false, configuration: {} as WorkerConfiguration },
    thread: { ...thread, start: () => Promise.reject(new Error("not used")) },
    systemInfo: new SystemInfo(() => "test"),
    blackList: new BlackList(log),
    onStopWorker: () => undefined,
    onFailure: () => undefined,
  });
  await dispatcher.start();
  const deliver = (jobId: number, isDirect: boolean) => {
    const settlements: Settlement[] = [];
    dispatcher.onDelivery({
      ...{ body: Buffer.from(JSON.stringify(job(jobId))), origin: "the test", direct: isDirect },
      ...{ canRequeue: !isDirect, redelivered: false, canCountDeath: false, deaths: 0, softRejects: 0, attempt: 1 },
      canDelay: false,
      settle: async (how) => settlements.push(how) > 0,
    });
    return settlements;
  };
  deliver(1, isDirect);
  const isConsumingAfterBegin = isConsuming;
  const end = async () => {
    const end = { status: "completed", result: emptyResult } as const;
    dispatcher.onThreadReport({ kind: "ended", serial: 1, end });
    await nextTurn();
  };
  return { isConsumingAfterBegin, isConsuming: () => isConsuming, deliver, end };
}

describe("while a job is in progress", () => {
  it("the queue is consumed if its order is the one that the queue delivers at a time", async () => {
    expect((await begin(false)).isConsumingAfterBegin).toBe(true);
  });

  it("the queue is not consumed if it came directly, since its jobs would come and be requeued again and again", async () => {
    const { isConsumingAfterBegin, isConsuming, end } = await begin(true);
    expect(isConsumingAfterBegin).toBe(false);
    await end();
    expect(isConsuming()).toBe(true);
  });

  it("the queue is no longer consumed once another job came, because its own order is elsewhere", async () => {
    const { deliver, isConsuming, end } = await begin(false);
    const settlements = deliver(2, false);
    expect(settlements).toEqual(["requeue"]);
    expect(isConsuming()).toBe(false);
    await end();
    expect(isConsuming()).toBe(true);
  });
});

it("a direct job and one of the queue are done one after the other", async () => {
  const worker = defineWorker({ parameters: Type.Object({}), process: () => undefined });
  await using test = disposable(await startTestWorker(worker));
  await Promise.all([test.worker.send(job(1), direct), test.worker.send(job(2))]);
  expect(test.worker.responses.map(({ body }) => (body as { job_id: number }).job_id)).toEqual([1, 1, 2, 2]);
});
