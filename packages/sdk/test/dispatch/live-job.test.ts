import { describe, expect, it } from "vitest";
import { defineLiveWorker, Type } from "../../src/index.ts";
import { startTestWorker } from "../../src/testing.ts";
import { about, direct, job, message, parameter } from "../support/test-orders.ts";
import { disposable, kinds, live } from "../support/test-workers.ts";

describe("a worker with initProcess", () => {
  it("is initialised, started, updated and stopped", async () => {
    const calls: string[] = [];
    await using test = disposable(await startTestWorker(live(calls)));
    expect(await test.worker.send(about("init_process", 3, [parameter("language", "de")]), direct)).toBe("acknowledge");
    expect(await test.worker.next("worker_initialized")).toMatchObject({ job_id: 3, status: "ready_to_start" });
    expect(await test.worker.send(about("start_process", 4), direct)).toBe("acknowledge");
    expect(await test.worker.next("job_error")).toMatchObject({
      job_id: 4,
      ...message("The Job ID is not the same as the initialized job."),
    });
    expect(await test.worker.send(about("start_process", 3), direct)).toBe("acknowledge");
    expect(await test.worker.next("worker_started")).toMatchObject({ job_id: 3, status: "processing" });
    expect(await test.worker.next("job_progression")).toMatchObject({ progression: 0 });
    await test.worker.send(about("update_process", 3, [parameter("language", "en")]), direct);
    expect(await test.worker.next("worker_updated")).toMatchObject({ status: "updated" });
    await test.worker.send(about("update_process", 3, [parameter("language", "xx")]), direct);
    expect(await test.worker.next("worker_updated")).toMatchObject(message("Error: no such language"));
    expect(await test.worker.send(about("stop_process", 3), direct)).toBe("acknowledge");
    expect(await test.worker.next("job_stopped")).toMatchObject({
      status: "stopped",
      parameters: [{ id: "cues", value: 3 }],
    });
    expect(calls).toEqual(["init de", "run", 'update {"language":"en"}', 'update {"language":"xx"}', "ending stopped"]);
  });

  it("handles orders that arrive together in their order", async () => {
    await using test = disposable(await startTestWorker(live([])));
    const orders = (["init_process", "start_process", "stop_process"] as const).map((type) =>
      test.worker.send(about(type, 3), direct),
    );
    expect(await Promise.all(orders)).toEqual(["acknowledge", "acknowledge", "acknowledge"]);
    expect(kinds(test.worker)).not.toContain("job_error");
    expect(await test.worker.next("job_stopped")).toMatchObject({ job_id: 3 });
  });

  it("can stop a job before it starts, and then runs the next job", async () => {
    const calls: string[] = [];
    await using test = disposable(await startTestWorker(live(calls)));
    await test.worker.send(about("init_process", 3), direct);
    expect(await test.worker.send(about("stop_process", 3), direct)).toBe("acknowledge");
    expect(await test.worker.next("job_stopped")).toMatchObject({ job_id: 3 });
    await test.worker.send(job(4, [parameter("fail", "never")]));
    expect(await test.worker.next("job_completed")).toMatchObject({ job_id: 4, parameters: [{ id: "cues" }] });
    expect(calls).toEqual(["init fr", "ending stopped", "init fr", "run", "ending completed"]);
    expect(kinds(test.worker).slice(2)).toEqual([
      "worker_started",
      "job_progression",
      "job_progression",
      "job_completed",
    ]);
  });

  it.each([
    ["init", "Error: no source", []],
    ["run", "Error: cut", ["run", "ending failed"]],
  ])("answers a failure in %s with job_error, and calls endingProcess at most once", async (fail, text, calls) => {
    const called: string[] = [];
    await using test = disposable(await startTestWorker(live(called)));
    await test.worker.send(job(5, [parameter("fail", fail)]));
    expect(await test.worker.next("job_error")).toMatchObject({ job_id: 5, ...message(text) });
    expect(called).toEqual(["init fr", ...calls]);
  });

  it("takes no job from the queue while a job is initialised", async () => {
    await using test = disposable(await startTestWorker(live([])));
    await test.worker.send(about("init_process", 3), direct);
    const waiting = test.worker.send(job(4, [parameter("fail", "never")]));
    await test.worker.send(about("stop_process", 3), direct);
    expect(await waiting).toBe("acknowledge");
    expect(kinds(test.worker).filter((kind) => kind.startsWith("job_") && kind !== "job_progression")).toEqual([
      "job_stopped",
      "job_completed",
    ]);
  });

  it.each([
    ["sends the results that run returns", { cues: 3 }, undefined, "job_completed"],
    ["sends the results that endingProcess returns", undefined, { cues: 3 }, "job_completed"],
    ["fails if neither run nor endingProcess returns the required results", undefined, undefined, "job_error"],
  ])("%s", async (_, ran, ended, kind) => {
    const result = (parameters: { cues: number } | undefined) => parameters && { parameters };
    const worker = defineLiveWorker({
      parameters: Type.Object({}),
      results: Type.Object({ cues: Type.Integer() }),
      initProcess: () => ({ run: () => result(ran), endingProcess: () => result(ended) }),
    });
    await using test = disposable(await startTestWorker(worker));
    await test.worker.send(job(1));
    expect(kinds(test.worker).at(-1)).toBe(kind);
  });

  it("stops its running job at close", async () => {
    const test = await startTestWorker(live([]));
    await test.send(about("init_process", 3), direct);
    await test.send(about("start_process", 3), direct);
    await test.close();
    expect(kinds(test).slice(-2)).toEqual(["job_stopped", "worker_terminated"]);
  });
});
