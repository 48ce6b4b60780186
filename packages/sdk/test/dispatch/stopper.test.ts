import { describe, expect, it } from "vitest";
import { CurrentJob } from "../../src/dispatch/current-job.ts";
import { JobIntake } from "../../src/dispatch/job-intake.ts";
import type { JobSlot } from "../../src/dispatch/job-slot.ts";
import type { PendingUpdates } from "../../src/dispatch/pending-updates.ts";
import { Stopper } from "../../src/dispatch/stopper.ts";
import { MemoryTransport } from "../../src/testing/memory-transport.ts";
import type { JobThreadHandle } from "../../src/thread-protocol/job-thread-handle.ts";
import { silentLog as log } from "../support/silent-log.ts";

const unusedThread = {
  start: () => Promise.reject(new Error("not used")),
  post: () => undefined,
  replace: async () => undefined,
  stop: async () => true,
} satisfies Omit<JobThreadHandle, "launches">;

/** A thread that counts how often it is replaced, and a stop of a job that ignores it. */
async function stopUnresponsiveJob(whileAnswering: (thread: { launches: number }) => void): Promise<number> {
  let replaced = 0;
  const thread = {
    ...unusedThread,
    launches: 1,
    replace: async () => void replaced++,
  } satisfies JobThreadHandle;
  const slot = { end: async () => whileAnswering(thread) } as unknown as JobSlot;
  const stopper = new Stopper({
    ...{ thread, slot, intake: new JobIntake(new MemoryTransport(), log) },
    settings: { jobTimeoutMs: undefined, shutdownGraceMs: 1 },
  });
  await stopper.stop(new CurrentJob(1, 1, false, log, {} as PendingUpdates), "order", 1);
  return replaced;
}

describe("a job that ignores a stop", () => {
  it("has its thread terminated during a shutdown although its answer is not confirmed", async () => {
    const intake = new JobIntake(new MemoryTransport(), log);
    await intake.hold("drain");
    const stopped: string[] = [];
    const stopper = new Stopper({
      thread: { ...unusedThread, launches: 1, stop: async (how) => stopped.push(how) > 0 },
      slot: { end: () => new Promise(() => undefined) } as unknown as JobSlot,
      intake,
      settings: { jobTimeoutMs: undefined, shutdownGraceMs: 1 },
    });
    await stopper.stop(new CurrentJob(1, 1, false, log, {} as PendingUpdates), "drain", 1);
    expect(stopped).toEqual(["force"]);
  });

  it("has its thread replaced after its answer", async () => {
    expect(await stopUnresponsiveJob(() => undefined)).toBe(1);
  });

  it("leaves the new thread alone if the old one exited while the answer was being confirmed", async () => {
    expect(await stopUnresponsiveJob((thread) => thread.launches++)).toBe(0);
  });
});
