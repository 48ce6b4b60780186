import { describe, expect, expectTypeOf, it } from "vitest";
import { defineLiveWorker, defineWorker, JobPostponed, McaiError, Type, Worker } from "../../src/index.ts";
import { runJob, startTestWorker } from "../../src/testing.ts";
import { about, direct, job, message } from "../support/test-orders.ts";
import { disposable, kinds } from "../support/test-workers.ts";

const parameters = Type.Object({});
const busy = () => {
  throw new JobPostponed("no licence is free");
};
const patient = defineWorker({
  parameters,
  process: (_, job) => (job.attempt < 3 ? busy() : { parameters: { attempt: job.attempt } }),
});

class Ported extends Worker<typeof parameters> {
  override process = busy;
}

/** A live worker that postpones its job where it is told to. */
function live(where: "initProcess" | "run" | "updateProcess", calls: string[] = []) {
  return defineLiveWorker({
    parameters: Type.Object({ n: Type.Integer({ default: 1 }) }),
    initProcess(_, { signal }) {
      if (where === "initProcess") busy();
      return {
        run: () =>
          where === "run"
            ? busy()
            : new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
        updateProcess: () => busy(),
        endingProcess: (why) => void calls.push(`ending ${why}`),
      };
    },
  });
}

describe("a postponed job", () => {
  it.each([
    ["process", defineWorker({ parameters, process: busy })],
    ["the process of a Worker", new Ported(parameters)],
    ["an asynchronous process", defineWorker({ parameters, process: async () => busy() })],
    ["initProcess", live("initProcess")],
    ["run", live("run")],
  ])("by %s is delayed without a final response, and its next attempt counts it", async (_, worker) => {
    await using test = disposable(await startTestWorker(worker));
    expect(await test.worker.send(job(1))).toBe("delay");
    expect(kinds(test.worker).filter((kind) => kind.startsWith("job_") && kind !== "job_progression")).toEqual([]);
  });

  it("runs until it is done, and knows its attempt", async () => {
    await using test = disposable(await startTestWorker(patient));
    expect(await test.worker.send(job(1))).toBe("delay");
    expect(await test.worker.send(job(1), { softRejects: 1 })).toBe("delay");
    expect(await test.worker.send(job(1), { softRejects: 1, deaths: 1 })).toBe("acknowledge");
    expect(await test.worker.next("job_completed")).toMatchObject({ parameters: [{ id: "attempt", value: 3 }] });
  });

  it("expires as one whose files are missing", async () => {
    const environment = { MESSAGE_SOFT_LIMIT: "5" };
    await using test = disposable(await startTestWorker(defineWorker({ parameters, process: busy }), { environment }));
    expect(await test.worker.send(job(1), { softRejects: 5 })).toBe("delay");
    expect(await test.worker.send(job(1), { softRejects: 6 })).toBe("acknowledge");
    expect(await test.worker.next("job_error")).toMatchObject(message("Job TTL has been reached."));
  });

  it.each([["process", defineWorker({ parameters, process: busy })] as const, ["run", live("run")] as const])(
    "that cannot return, by %s, fails with the reason",
    async (_, worker) => {
      await using test = disposable(await startTestWorker(worker));
      expect(await test.worker.send(job(1), { direct: true, canDelay: false })).toBe("acknowledge");
      expect(await test.worker.next("job_error")).toMatchObject(message("no licence is free"));
    },
  );

  it("that was initialised returns before it is initialised, and fails after its start", async () => {
    await using early = disposable(await startTestWorker(live("initProcess")));
    expect(await early.worker.send(about("init_process", 1))).toBe("delay");
    expect(kinds(early.worker)).toEqual([]);
    await using late = disposable(await startTestWorker(live("run")));
    expect(await late.worker.send(about("init_process", 1))).toBe("acknowledge");
    expect(await late.worker.send(about("start_process", 1), direct)).toBe("acknowledge");
    expect(await late.worker.next("job_error")).toMatchObject(message("no licence is free"));
  });

  it("with a stop order is stopped, and does not return", async () => {
    let postpone: () => void = () => undefined;
    const worker = defineWorker({
      parameters,
      process: (_, job) =>
        new Promise((_, reject) => {
          job.progress(1);
          postpone = () => reject(new JobPostponed("no licence is free"));
          job.signal.addEventListener("abort", postpone);
        }),
    });
    await using test = disposable(await startTestWorker(worker));
    const settled = test.worker.send(job(1));
    await test.worker.next("job_progression");
    await test.worker.next("job_progression");
    expect(await test.worker.send(about("stop_process", 1), direct)).toBe("acknowledge");
    expect(await test.worker.next("job_stopped")).toMatchObject({ status: "stopped" });
    expect(await settled).toBe("acknowledge");
  });

  it("that took too long has timed out", async () => {
    const worker = defineWorker({
      parameters,
      process: (_, { signal }) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(new JobPostponed("no licence is free"))),
        ),
    });
    const environment = { MCAI_JOB_TIMEOUT_MS: "20" };
    await using test = disposable(await startTestWorker(worker, { environment }));
    expect(await test.worker.send(job(1))).toBe("acknowledge");
    expect(kinds(test.worker)).toContain("job_error");
  });

  it("ends its process as failed, and an update cannot postpone it", async () => {
    const calls: string[] = [];
    await using failing = disposable(await startTestWorker(live("run", calls)));
    await failing.worker.send(job(1));
    expect(calls).toEqual(["ending failed"]);
    await using test = disposable(await startTestWorker(live("updateProcess")));
    const settled = test.worker.send(job(1));
    await test.worker.next("job_progression");
    await test.worker.send(about("update_process", 1, [{ id: "n", type: "integer", value: 2 }]), direct);
    expect(await test.worker.next("worker_updated")).toMatchObject(message("no licence is free"));
    await test.worker.send(about("stop_process", 1), direct);
    expect(await settled).toBe("acknowledge");
  });

  it("is an error with the reason in runJob, which can begin with any attempt", async () => {
    const reasons: string[] = [];
    const outcome = await runJob(patient, {}, { attempt: 2, onPostponed: (reason) => void reasons.push(reason) });
    expect(outcome).toMatchObject({ status: "error", postponed: true, message: "no licence is free", parameters: {} });
    expect(reasons).toEqual(["no licence is free"]);
    expect(await runJob(patient, {}, { attempt: 3 })).toMatchObject({
      status: "completed",
      parameters: { attempt: 3 },
    });
    expect(await runJob(patient, {}, { attempt: 3 })).not.toHaveProperty("postponed");
  });

  it("has a reason without secrets, and an error with a code", async () => {
    const error = new JobPostponed("no licence is free");
    expect(error).toBeInstanceOf(McaiError);
    expect(error).toMatchObject({ name: "JobPostponed", code: "JOB_POSTPONED", message: "no licence is free" });
    const worker = defineWorker({
      parameters: Type.Object({ key: Type.String({ writeOnly: true }) }),
      process({ key }) {
        throw new JobPostponed(`the key ${key} is in use`);
      },
    });
    expect((await runJob(worker, { key: "sesame-1" })).message).toBe("the key [redacted] is in use");
  });
});

describe("the outcome of runJob", () => {
  it("has parameters of the types of the results", async () => {
    const results = Type.Object({ count: Type.Integer(), names: Type.Array(Type.String()) });
    const typed = defineWorker({ parameters, results, process: () => ({ parameters: { count: 1, names: ["a"] } }) });
    const { parameters: values } = await runJob(typed, {});
    expectTypeOf(values).toEqualTypeOf<Readonly<{ count?: number; names?: string[] }>>();
    expect(values.names?.[0]).toBe("a");
    expectTypeOf((await runJob(patient, {})).parameters).toEqualTypeOf<Readonly<Record<string, unknown>>>();
  });
});
