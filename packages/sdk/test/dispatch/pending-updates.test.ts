import { describe, expect, it } from "vitest";
import { PendingUpdates, type UpdateLimits } from "../../src/dispatch/pending-updates.ts";
import { defineWorker, Type } from "../../src/index.ts";
import type { OrderOf } from "../../src/order/order.ts";
import { startTestWorker, type TestResponse, type TestWorker } from "../../src/testing.ts";
import type { Receipt } from "../../src/transport/transport.ts";
import { about, direct, job, message, parameter } from "../support/test-orders.ts";
import { disposable } from "../support/test-workers.ts";

/** A worker whose update handler waits for `open`, and refuses the language `xx`. */
function updatable() {
  const calls: unknown[] = [];
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const worker = defineWorker({
    parameters: Type.Object({
      language: Type.String({ default: "fr" }),
      size: Type.Integer({ default: 1 }),
      depth: Type.Integer({ default: 1 }),
    }),
    process: (_, job) =>
      new Promise((_resolve, reject) => job.signal.addEventListener("abort", () => reject(job.signal.reason))),
    async updateProcess(changed) {
      calls.push(changed);
      await gate;
      if (changed.language === "xx") throw new Error("no such language");
    },
  });
  return { worker, calls, open: () => open() };
}

const update = (test: TestWorker, id: string, value: unknown) =>
  test.send(about("update_process", 1, [parameter(id, value)]), direct);

async function start(worker: ReturnType<typeof updatable>["worker"], environment: Record<string, string> = {}) {
  const test = await startTestWorker(worker, { environment });
  void test.send(job(1));
  await test.next("job_progression");
  return test;
}

const statusOf = ({ body }: TestResponse) => (body as { status?: string }).status;
const answers = (test: TestWorker) => test.responses.filter(({ kind }) => kind === "worker_updated").map(statusOf);

describe("updates that arrive while the thread has one", () => {
  it("are merged into one, the later value of each parameter wins, and one answer settles them", async () => {
    const { worker, calls, open } = updatable();
    await using test = disposable(await start(worker));
    const settled = [
      update(test.worker, "language", "de"),
      update(test.worker, "size", 2),
      update(test.worker, "language", "en"),
      update(test.worker, "size", 3),
    ];
    open();
    expect(await Promise.all(settled)).toEqual(Array(4).fill("acknowledge"));
    expect(calls).toEqual([{ language: "de" }, { language: "en", size: 3 }]);
    expect(answers(test.worker)).toEqual(["updated", "updated"]);
  });

  it("are handed over one by one, each with an answer, if their merge fails", async () => {
    const { worker, calls, open } = updatable();
    await using test = disposable(await start(worker));
    const settled = [
      update(test.worker, "language", "de"),
      update(test.worker, "size", 2),
      update(test.worker, "depth", "deep"),
      update(test.worker, "size", 3),
    ];
    open();
    expect(await Promise.all(settled)).toEqual(Array(4).fill("acknowledge"));
    expect(calls).toEqual([{ language: "de" }, { size: 2 }, { size: 3 }]);
    expect(answers(test.worker)).toEqual(["updated", "updated", "error", "updated"]);
    expect(test.worker.responses.filter((response) => statusOf(response) === "error")).toMatchObject([
      { body: message('depth: expected integer, got "deep" (string) [PARAMETERS_INVALID]') },
    ]);
  });

  it("are answered with an error beyond their limit, and those that wait are done", async () => {
    const { worker, calls, open } = updatable();
    await using test = disposable(await start(worker, { MCAI_MAX_PENDING_UPDATES: "2" }));
    const settled = ["a", "b", "c"].map((language) => update(test.worker, "language", language));
    expect(await update(test.worker, "language", "d")).toBe("acknowledge");
    expect(answers(test.worker)).toEqual(["error"]);
    expect(await test.worker.next("worker_updated")).toMatchObject(
      message("Cannot update the job: 2 updates wait until it takes them (MCAI_MAX_PENDING_UPDATES). [UPDATE_REFUSED]"),
    );
    open();
    await Promise.all(settled);
    expect(calls).toEqual([{ language: "a" }, { language: "c" }]);
  });

  it("are answered with an error beyond their size", async () => {
    const { worker, open } = updatable();
    await using test = disposable(await start(worker, { MCAI_MAX_PENDING_UPDATE_BYTES: "200" }));
    const first = [update(test.worker, "language", "a"), update(test.worker, "language", "b")];
    await update(test.worker, "language", "c".repeat(100));
    expect(await test.worker.next("worker_updated")).toMatchObject({
      parameters: [{ value: expect.stringMatching(/would have \d+ bytes \(MCAI_MAX_PENDING_UPDATE_BYTES: 200\)/) }],
    });
    open();
    await Promise.all(first);
    // What was handed over no longer counts.
    await update(test.worker, "language", "d".repeat(60));
    expect(answers(test.worker)).toEqual(["error", "updated", "updated", "updated"]);
  });

  it("do not hold back a stop, and are settled by the job's end", async () => {
    const { worker } = updatable();
    await using test = disposable(await start(worker));
    const settled = Array.from({ length: 5000 }, (_, size) => update(test.worker, "size", size));
    await test.worker.send({ type: "status" }, direct);
    await test.worker.next("worker_status");
    await test.worker.send(about("stop_process", 1), direct);
    await test.worker.next("job_stopped");
    expect(new Set(await Promise.all(settled))).toEqual(new Set(["acknowledge"]));
  });
});

describe("PendingUpdates", () => {
  const limits: UpdateLimits = { maxPendingUpdates: 10_000, maxPendingUpdateBytes: 64 * 1024 * 1024 };
  const delivery = {} as Receipt;

  function make() {
    const handed: OrderOf<"update_process">[] = [];
    const updates = new PendingUpdates(limits, (order) => void handed.push(order));
    const add = (value: string) => {
      const order = { type: "update_process" as const, job_id: 1, parameters: [] };
      const parameters = [{ id: value.slice(0, 8), type: "string", value }];
      return updates.add(order, Buffer.from(JSON.stringify({ ...order, parameters })), delivery);
    };
    return { updates, handed, add };
  }

  it("merges as many as fit into one order", () => {
    const { updates, handed, add } = make();
    for (const start of ["first", "second", "third", "fourth"]) add(`${start}  `.padEnd(7 * 1024 * 1024, "x"));
    updates.onAnswer(false);
    updates.onAnswer(false);
    expect(handed.map(({ parameters }) => parameters.length)).toEqual([0, 2, 1]);
  });

  it("hands nothing over while 32 answers are not confirmed", () => {
    const { updates, handed, add } = make();
    for (let i = 0; i < 32; i++) {
      add("one");
      updates.onAnswer(false);
    }
    for (let i = 0; i < 8; i++) add("another");
    expect(handed).toHaveLength(32);
    updates.onConfirmed();
    expect(handed).toHaveLength(33);
  });
});
