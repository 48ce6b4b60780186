import { describe, expect, it } from "vitest";
import { defineWorker, type Order, Type } from "../../src/index.ts";
import { startTestWorker } from "../../src/testing.ts";
import { about, direct, job, message, parameter } from "../support/test-orders.ts";
import { disposable, gated, kinds } from "../support/test-workers.ts";

describe("a job from the queue", () => {
  it("gets progression 0 and job_completed, with exactly the fields of the protocol", async () => {
    const { worker, open } = gated();
    open();
    await using test = disposable(await startTestWorker(worker));
    expect(await test.worker.send(job(71))).toBe("acknowledge");
    expect(kinds(test.worker)).toEqual(["job_progression", "job_completed"]);
    const [progression, completed] = test.worker.responses.map(({ body }) => body);
    expect(progression).toEqual({
      job_id: 71,
      progression: 0,
      datetime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/),
      docker_container_id: "test",
      system_info: {
        memory: expect.any(Number),
        swap: expect.any(Number),
        load_average: {
          one_minute: expect.any(Number),
          five_minute: expect.any(Number),
          fifteen_minute: expect.any(Number),
        },
        cores: expect.arrayContaining([{ name: "cpu0", usage: expect.any(Number) }]),
        gpus: [],
        networks: expect.any(Array),
      },
    });
    expect(completed).toEqual({
      job_id: 71,
      status: "completed",
      destination_paths: [],
      parameters: [{ id: "n", type: "integer", store: null, value: 1, default: null }],
      execution_duration: expect.any(Number),
      cpu_time: expect.any(Number),
      gpu_time: 0,
      datetime: expect.any(String),
    });
  });

  it("with invalid parameters fails at once, with the message as its only parameter", async () => {
    await using test = disposable(await startTestWorker(gated().worker));
    expect(await test.worker.send(job(1, [parameter("n", "x")]))).toBe("acknowledge");
    expect(kinds(test.worker)).toEqual(["job_error"]);
    expect(await test.worker.next("job_error")).toMatchObject(
      message('n: expected integer, got "x" (string) [PARAMETERS_INVALID]'),
    );
  });

  it("that fails reports how long it ran, and one that never ran about 0", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      process: () => {
        const endMs = performance.now() + 60;
        while (performance.now() < endMs);
        throw new Error("failed on purpose");
      },
    });
    await using test = disposable(await startTestWorker(worker));
    await test.worker.send(job(1));
    const failed = await test.worker.next("job_error");
    expect(failed.execution_duration).toBeGreaterThanOrEqual(0.06);
    expect(failed.execution_duration).toBeLessThan(10);
    expect(failed.cpu_time).toBeGreaterThan(0.01);
    await test.worker.send({ type: "reached_expiration", job_id: 2, parameters: [] });
    expect((await test.worker.next("job_error")).execution_duration).toBeLessThan(0.05);
  });

  it("with a missing requirement is delayed without a response, or fails if it cannot be delayed", async () => {
    await using test = disposable(await startTestWorker(gated().worker));
    const order = job(1, [{ id: "requirements", type: "requirements", value: { paths: ["/no/such"] } }]);
    expect(await test.worker.send(order)).toBe("delay");
    expect(test.worker.responses).toEqual([]);
    expect(await test.worker.send(order, { canDelay: false })).toBe("acknowledge");
    expect(await test.worker.next("job_error")).toMatchObject(message('Required file does not exist: "/no/such"'));
  });

  it("expires if it was dead-lettered or delayed too often", async () => {
    const { worker, open } = gated();
    open();
    await using test = disposable(
      await startTestWorker(worker, { environment: { MESSAGE_TTL_LIMIT: "2", MESSAGE_SOFT_LIMIT: "3" } }),
    );
    for (const options of [{ deaths: 3 }, { softRejects: 4 }]) {
      expect(await test.worker.send(job(1), options)).toBe("acknowledge");
      expect(await test.worker.next("job_error")).toMatchObject(message("Job TTL has been reached."));
    }
    await test.worker.send(job(2), { deaths: 2, softRejects: 3 });
    expect(await test.worker.next("job_completed")).toMatchObject({ job_id: 2 });
  });

  it("on the black list is dropped without a response", async () => {
    const { worker, open } = gated();
    open();
    await using test = disposable(await startTestWorker(worker));
    await test.worker.send({ type: "add_to_black_list", job_id: 401 }, direct);
    await test.worker.send({ type: "add_to_black_list", job_id: 402 }, direct);
    await test.worker.send({ type: "get_black_list" }, direct);
    expect((await test.worker.next("worker_black_list")).black_list).toEqual({ job_ids: [401, 402] });
    expect(await test.worker.send(job(401))).toBe("acknowledge");
    expect(kinds(test.worker)).toEqual(["worker_black_list"]);
    await test.worker.send({ type: "delete_from_black_list", job_id: 401 }, direct);
    await test.worker.send(job(401));
    expect(await test.worker.next("job_completed")).toMatchObject({ job_id: 401 });
  });

  it("that ignores a stop is answered as stopped after the grace period", async () => {
    const worker = defineWorker({ parameters: Type.Object({}), process: () => new Promise<void>(() => undefined) });
    await using test = disposable(await startTestWorker(worker, { environment: { MCAI_STOP_GRACE_MS: "50" } }));
    const sent = test.worker.send(job(1));
    await test.worker.next("job_progression");
    expect(await test.worker.send(about("stop_process", 1), direct)).toBe("acknowledge");
    expect(await sent).toBe("acknowledge");
    expect(await test.worker.next("job_stopped")).toMatchObject({ job_id: 1, status: "stopped" });
  });
});

describe("while a job is running, the dispatcher", () => {
  it("runs another job from the queue afterwards", async () => {
    const { worker, open } = gated();
    await using test = disposable(await startTestWorker(worker));
    const both = [test.worker.send(job(1)), test.worker.send(job(2))];
    await test.worker.next("job_progression");
    open();
    expect(await Promise.all(both)).toEqual(["acknowledge", "acknowledge"]);
    expect(kinds(test.worker)).toEqual(["job_progression", "job_completed", "job_progression", "job_completed"]);
  });

  it.each(["job", "init_process"] as const)(
    "answers a direct %s for another job with an error of that job",
    async (type) => {
      const { worker, open } = gated();
      await using test = disposable(await startTestWorker(worker));
      const first = test.worker.send(job(1));
      await test.worker.next("job_progression");
      const other = { type, job_id: 2, parameters: [] } as Order;
      expect(await test.worker.send(other, direct)).toBe("acknowledge");
      expect(await test.worker.next("job_error")).toMatchObject({
        job_id: 2,
        ...message("Cannot initialize this job, an another job is already in progress."),
      });
      expect(await test.worker.send({ ...other, job_id: 1 } as Order, direct)).toBe("reject");
      open();
      expect(await first).toBe("acknowledge");
      expect(await test.worker.next("job_completed")).toMatchObject({ job_id: 1 });
    },
  );

  it("ignores orders for other jobs, and messages that are not an order", async () => {
    const { worker, open } = gated();
    await using test = disposable(await startTestWorker(worker));
    const first = test.worker.send(job(1));
    await test.worker.next("job_progression");
    expect(await test.worker.send(about("stop_process", 999), direct)).toBe("reject");
    expect(await test.worker.send(about("update_process", 999), direct)).toBe("reject");
    expect(await test.worker.send(about("start_process", 1), direct)).toBe("reject");
    expect(await test.worker.send({ type: "reached_expiration", job_id: 1, parameters: [] }, direct)).toBe("reject");
    expect(await test.worker.send('{"type":"dance","job_id":1}', direct)).toBe("acknowledge");
    expect(await test.worker.send("rubbish", direct)).toBe("acknowledge");
    expect(kinds(test.worker)).toEqual(["job_progression"]);
    open();
    expect(await first).toBe("acknowledge");
    expect(kinds(test.worker)).toEqual(["job_progression", "job_completed"]);
  });

  it("answers status with the job, and settles every stop when the job ends", async () => {
    const { worker } = gated();
    await using test = disposable(await startTestWorker(worker));
    const first = test.worker.send(job(1));
    await test.worker.next("job_progression");
    await test.worker.send({ type: "status" }, direct);
    expect(await test.worker.next("worker_status")).toMatchObject({
      type: "status",
      job: { job_id: 1, status: "processing", destination_paths: [], parameters: [], gpu_time: 0 },
      worker: { activity: "Busy" },
    });
    const stops = [
      test.worker.send(about("stop_process", 1), direct),
      test.worker.send(about("stop_process", 1), direct),
    ];
    expect(await Promise.all([first, ...stops])).toEqual(["acknowledge", "acknowledge", "acknowledge"]);
    expect(await test.worker.next("job_stopped")).toMatchObject({ job_id: 1, status: "stopped" });
  });

  it("validates, merges and answers an update, even if the worker has no updateProcess", async () => {
    const { worker, open } = gated();
    await using test = disposable(await startTestWorker(worker));
    const first = test.worker.send(job(1));
    await test.worker.next("job_progression");
    expect(await test.worker.send(about("update_process", 1, [parameter("n", 5)]), direct)).toBe("acknowledge");
    expect(await test.worker.next("worker_updated")).toMatchObject({ job_id: 1, status: "updated", parameters: [] });
    expect(await test.worker.send(about("update_process", 1, [parameter("n", "x")]), direct)).toBe("acknowledge");
    expect(await test.worker.next("worker_updated")).toMatchObject(
      message('n: expected integer, got "x" (string) [PARAMETERS_INVALID]'),
    );
    open();
    await first;
    expect(await test.worker.next("job_completed")).toMatchObject({ parameters: [{ id: "n", value: 1 }] });
  });
});

describe("while idle, the dispatcher", () => {
  it("rejects orders that need a job, or answers them as the reference does", async () => {
    await using test = disposable(await startTestWorker(gated().worker));
    expect(await test.worker.send(about("stop_process", 1), direct)).toBe("reject");
    expect(await test.worker.send(about("update_process", 1), direct)).toBe("reject");
    expect(await test.worker.send(about("start_process", 5), direct)).toBe("acknowledge");
    expect(await test.worker.next("job_error")).toMatchObject({
      job_id: 5,
      ...message("Cannot start a not initialized job."),
    });
    expect(await test.worker.send({ type: "reached_expiration", job_id: 6, parameters: [] })).toBe("acknowledge");
    expect(await test.worker.next("job_error")).toMatchObject({ job_id: 6, ...message("Job TTL has been reached.") });
    expect(await test.worker.send('{"type":"dance","job_id":7,"parameters":[]}')).toBe("acknowledge");
    expect(await test.worker.next("job_error")).toMatchObject({ job_id: 7 });
    expect(await test.worker.send('{"job_id":"7"}')).toBe("acknowledge");
    expect(kinds(test.worker)).toHaveLength(3);
  });

  it("answers status with the description of the worker", async () => {
    await using test = disposable(
      await startTestWorker(gated().worker, { metadata: { name: "@acme/gate", authors: ["A"] } }),
    );
    await test.worker.send({ type: "status" }, direct);
    const { job: current, worker } = await test.worker.next("worker_status");
    expect(current).toBeNull();
    expect(worker).toEqual({
      instance_id: "test",
      queue_name: "job_undefined",
      name: "@acme/gate",
      label: "@acme/gate",
      direct_messaging_queue_name: "direct_messaging_test",
      description: "A worker in a test",
      short_description: "A worker in a test",
      version: "0.0.0",
      sdk_version: "2.2.1",
      license: "Private",
      authors: ["A"],
      activity: "Idle",
      system_info: {
        docker_container_id: "test",
        os_version: expect.stringMatching(/\w/),
        memory: {
          total_memory: expect.any(Number),
          used_memory: expect.any(Number),
          total_swap: expect.any(Number),
          used_swap: expect.any(Number),
        },
        cores: expect.arrayContaining([
          { name: "cpu0", vendor_id: expect.any(String), brand: expect.any(String), frequency: expect.any(Number) },
        ]),
        gpus: [],
        disks: expect.any(Array),
      },
    });
  });

  it("takes no job from the queue while it is suspended", async () => {
    const { worker, open } = gated();
    open();
    await using test = disposable(await startTestWorker(worker));
    await test.worker.send({ type: "stop_consuming_jobs" }, direct);
    expect((await test.worker.next("worker_status")).worker.activity).toBe("Suspended");
    const waiting = test.worker.send(job(1));
    await test.worker.send({ type: "status" }, direct);
    expect((await test.worker.next("worker_status")).worker.activity).toBe("Suspended");
    expect(kinds(test.worker)).toEqual(["worker_status", "worker_status"]);
    await test.worker.send({ type: "resume_consuming_jobs" }, direct);
    expect(await waiting).toBe("acknowledge");
  });

  it("stays suspended if a suspension follows a resumption at once", async () => {
    const { worker, open } = gated();
    open();
    await using test = disposable(await startTestWorker(worker));
    await test.worker.send({ type: "stop_consuming_jobs" }, direct);
    const resumed = test.worker.send({ type: "resume_consuming_jobs" }, direct);
    await test.worker.send({ type: "stop_consuming_jobs" }, direct);
    await resumed;
    const waiting = test.worker.send(job(1));
    await test.worker.send({ type: "status" }, direct);
    expect(
      test.worker.responses.map(({ body }) => (body as { worker?: { activity: string } }).worker?.activity),
    ).toEqual(["Suspended", "Idle", "Suspended", "Suspended"]);
    await test.worker.send({ type: "resume_consuming_jobs" }, direct);
    expect(await waiting).toBe("acknowledge");
  });

  it("answers stop_worker with worker_terminated and acknowledges it", async () => {
    const { worker } = gated();
    const test = await startTestWorker(worker);
    expect(await test.send({ type: "stop_worker" }, direct)).toBe("acknowledge");
    expect(await test.next("worker_terminated")).toMatchObject({ instance_id: "test", parameters: { type: "object" } });
    await test.close();
  });
});

describe("at shutdown, the dispatcher", () => {
  it("returns the current job to the queue", async () => {
    const test = await startTestWorker(gated().worker);
    let settled: unknown;
    void test.send(job(1)).then((how) => {
      settled = how;
    });
    await test.next("job_progression");
    await test.close();
    expect(kinds(test)).toEqual(["job_progression", "worker_terminated"]);
    expect(settled).toBeUndefined();
  });
});
