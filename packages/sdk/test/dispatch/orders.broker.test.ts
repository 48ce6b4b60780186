import { describe, expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { urlOf, type WorkerOnBroker } from "../support/broker-worker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";
import { Wire } from "../support/wire.ts";

const virtualHost = useVirtualHost();
const { folder, start } = await useWorkers(virtualHost);
/** The worker of the first test, which others use as well. */
let worker: WorkerOnBroker;

let nextId = 100;

describe("a worker on a broker", { timeout: 30_000 }, () => {
  it("answers a job with progress and results, and acknowledges it", async () => {
    worker = await start();
    const { wire } = worker;
    const id = nextId++;
    await wire.sendJob(job(id, { text: "café 日本 😀" }), { priority: 7 });
    const { body, exchange, properties } = await wire.next("job_completed", id);
    expect(body).toMatchObject({
      status: "completed",
      destination_paths: ["/out.json"],
      parameters: [{ id: "text", type: "string", value: "café 日本 😀", store: null, default: null }],
    });
    expect(exchange).toBe("job_response");
    const set = Object.entries(properties).filter(([name, value]) => value !== undefined && name !== "headers");
    expect(set).toEqual([["deliveryMode", 2]]);
    expect(wire.kinds(id)).toEqual(["job_progression", "job_completed"]);
    // The next job is delivered only after this one was acknowledged.
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
  });

  it("sends each percent of its first job that rises, while no route of its responses is known to be open", async () => {
    const { wire } = await start();
    const id = nextId++;
    await wire.sendJob(job(id, { action: "steps" }));
    await wire.next("job_completed", id);
    const sent = wire.responses.map(({ body }) => (body as { progression?: number }).progression);
    expect(sent.filter((percent) => percent !== undefined)).toEqual([0, 10, 50, 100]);
  });

  it("announces itself to old and new backends, and reports its start and its end", async () => {
    const { wire, run } = await start();
    run.signal("SIGTERM");
    const ended = await run.end();
    expect(ended.exitCode).toBe(0);
    await wire.next("worker_terminated");
    const said = wire.responses.map(({ kind, exchange }) => `${exchange}/${kind}`);
    expect(said.sort()).toEqual([
      "job_response/worker_discovery",
      "worker_response/worker_created",
      "worker_response/worker_discovery",
      "worker_response/worker_terminated",
    ]);
    const [{ body } = { body: {} }] = wire.responses;
    expect(body).toMatchObject({
      queue_name: wire.queue,
      name: "@acme/local-worker",
      description: expect.stringMatching(/\w/),
      short_description: expect.stringMatching(/\w/),
      direct_messaging_queue_name: expect.stringMatching(/^direct_messaging_/),
    });
    // Its direct queue no longer exists.
    const { direct_messaging_queue_name } = body as { direct_messaging_queue_name: string };
    const probe = await Wire.open(urlOf(virtualHost()), "none");
    probe.channel.on("error", () => undefined);
    await expect(probe.channel.checkQueue(direct_messaging_queue_name)).rejects.toThrow(/404/);
    await probe.close();
  });

  it.each([
    [
      "invalid parameters",
      { job_id: 1, parameters: [{ id: "count", type: "string", value: "many" }] },
      /count: expected/,
    ],
    ["an unknown type", { job_id: 1, type: "dance", parameters: [] }, /unknown order type "dance"/],
    [
      "a key that the store does not have",
      { job_id: 1, parameters: [{ id: "text", type: "string", store: "env", value: "NONE_X" }] },
      /NONE_X is not set/,
    ],
  ])("answers an order with %s at once with an error", async (_, order, message) => {
    const { wire } = worker;
    const id = nextId++;
    await wire.sendJob({ ...order, job_id: id });
    const { body } = await wire.next("job_error", id);
    expect(body.parameters).toEqual([
      { id: "message", type: "string", value: expect.stringMatching(message), store: null, default: null },
    ]);
  });

  it("acknowledges a message that is not an order and has no job_id, without a response", async () => {
    const { wire } = worker;
    const before = wire.responses.length;
    for (const bytes of ["", "{not json", '{"job_id":"12","parameters":[]}', "\xff\xfe"])
      await wire.sendJob(Buffer.from(bytes, "latin1"));
    const id = nextId++;
    await wire.sendJob(job(id));
    await wire.next("job_completed", id);
    expect(new Set(wire.responses.slice(before).map(({ body }) => (body as { job_id: number }).job_id))).toEqual(
      new Set([id]),
    );
  });

  it("delays a job with missing requirements, counts the delay, and keeps the properties of the message", async () => {
    const { wire } = worker;
    const id = nextId++;
    const parameter = (key: string, value: string) => ({ id: key, type: "string", value });
    const requirements = (paths: string[]) => ({ id: "requirements", type: "requirements", value: { paths } });
    await wire.sendJob(
      { job_id: id, parameters: [requirements([`${folder.path}/later.txt`]), parameter("action", "postpone")] },
      { priority: 5, contentType: "application/json", correlationId: "c-1", headers: { "x-my": "h" } },
    );
    let waiting = await wire.channel.get("job_delayed", { noAck: false });
    while (!waiting) waiting = await wire.channel.get("job_delayed", { noAck: false });
    expect(waiting.properties).toMatchObject({ priority: 5, contentType: "application/json", correlationId: "c-1" });
    expect(waiting.properties.headers).toEqual({ "x-my": "h", soft_reject: [{ count: 1 }] });
    expect(waiting.fields.routingKey).toBe(wire.queue);
    await folder.write("later.txt", "now");
    // After this requeue the message expires in the queue of 5 s and is delivered to the worker.
    wire.channel.reject(waiting, true);
    const { body } = await wire.next("job_completed", id, 15_000);
    expect(body.parameters).toMatchObject([{ id: "attempt", value: 2 }]);
    expect(wire.kinds(id)).toEqual(["job_progression", "job_completed"]);
  });

  it("sends a postponed job round as one with missing requirements, and counts its attempts", async () => {
    const { wire } = worker;
    const id = nextId++;
    /** Takes the job out of job_delayed, and returns its headers, with what the broker adds when its time has passed. */
    const takeDelayed = async () => {
      for (;;) {
        const waiting = await wire.channel.get("job_delayed", { noAck: true });
        if (!waiting) continue;
        expect(JSON.parse(waiting.content.toString())).toMatchObject({ job_id: id });
        const { headers } = waiting.properties;
        return {
          ...headers,
          "x-death": [{ queue: "job_delayed", reason: "expired", count: { "!": "long", value: 1 } }],
        };
      }
    };
    const order = job(id, { action: "postpone", count: 4 });
    // Lost with its worker before.
    await wire.sendJob(order, { headers: { "x-death": [{ queue: wire.queue, count: { "!": "long", value: 2 } }] } });
    const first = await takeDelayed();
    expect(first).toMatchObject({ soft_reject: [{ count: 1 }], lost_attempts: 2 });
    await wire.sendJob(order, { headers: first });
    const { body } = await wire.next("job_completed", id);
    expect(body.parameters).toMatchObject([{ id: "attempt", value: 4 }]);
  });

  it("runs a postponed job that returns, also if it had completed one with that id before", async () => {
    const { wire } = await start({ env: { MESSAGE_TTL_LIMIT: "0" } });
    const id = nextId++;
    await wire.sendJob(job(id));
    await wire.next("job_completed", id);
    const count = { "!": "long", value: 1 };
    const headers = { soft_reject: [{ count }], "x-death": [{ queue: "job_delayed", reason: "expired", count }] };
    await wire.sendJob(job(id, { action: "postpone", count: 2 }), { headers });
    expect((await wire.next("job_completed", id)).body.parameters).toMatchObject([{ id: "attempt", value: 2 }]);
  });

  it("fails a postponed job that came directly", async () => {
    const { wire } = worker;
    const id = nextId++;
    await wire.sendDirect({ type: "job", ...job(id, { action: "postpone", count: 2 }) });
    expect((await wire.next("job_error", id)).body.parameters).toMatchObject([{ value: "no licence is free" }]);
  });

  it.each([
    ["deaths", { "x-death": [{ count: { "!": "long", value: 5 } }] }],
    ["soft rejections", { soft_reject: [{ count: { "!": "long", value: 801 } }] }],
  ])("fails a job with too many %s", async (_, headers) => {
    const { wire } = worker;
    const id = nextId++;
    await wire.sendJob(job(id), { headers });
    expect((await wire.next("job_error", id)).body.parameters).toMatchObject([{ value: "Job TTL has been reached." }]);
  });

  it.each([
    ["is unresponsive", "unresponsive"],
    ["is in a native call", "native_call"],
  ])("answers status at once while the current job %s", async (_, action) => {
    const { wire } = await start();
    const id = nextId++;
    await wire.sendJob(job(id, { action }));
    await wire.next("job_progression", id);
    const startMs = performance.now();
    await wire.sendDirect({ type: "status" });
    const status = await wire.next("worker_status");
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(status.body).toMatchObject({ job: { job_id: id, status: "processing" }, worker: { activity: "Busy" } });
  });

  it("answers status and stops a job behind any number of updates that it cannot take", async () => {
    const { wire } = worker;
    const id = nextId++;
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.next("job_progression", id);
    const update = (count: number) => wire.sendDirect({ type: "update_process", ...job(id, { count }) });
    await Promise.all(Array.from({ length: 1000 }, (_, count) => update(count)));
    const startMs = performance.now();
    await wire.sendDirect({ type: "status" });
    expect((await wire.next("worker_status")).body.job).toMatchObject({ job_id: id });
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    await wire.next("job_stopped", id);
    expect(performance.now() - startMs).toBeLessThan(2000);
  });

  it("stops a job that never yields, and ignores a stop for another job", async () => {
    const { wire } = worker;
    const id = nextId++;
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.next("job_progression", id);
    await wire.sendDirect({ type: "stop_process", job_id: 9_999, parameters: [] });
    await wire.sendDirect({ type: "status" });
    expect((await wire.next("worker_status")).body.job).toMatchObject({ job_id: id });
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    const { body } = await wire.next("job_stopped", id);
    expect(body).toMatchObject({ status: "stopped", parameters: [{ id: "tiles", value: 3 }] });
  });

  it("ends an unresponsive job after MCAI_STOP_GRACE_MS, and runs the next job", async () => {
    const { wire } = await start({ env: { MCAI_STOP_GRACE_MS: "300" } });
    const id = nextId++;
    await wire.sendJob(job(id, { action: "unresponsive" }));
    await wire.sendJob(job(nextId));
    await wire.next("job_progression", id);
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    await wire.next("job_stopped", id);
    await wire.next("job_completed", nextId++);
  });

  it("leaves jobs in the queue while it is suspended", async () => {
    const { wire } = worker;
    await wire.sendDirect({ type: "stop_consuming_jobs" });
    expect((await wire.next("worker_status")).body.worker.activity).toBe("Suspended");
    const id = nextId++;
    await wire.sendJob(job(id));
    expect(await wire.count(wire.queue)).toEqual({ messages: 1, consumers: 0 });
    await wire.sendDirect({ type: "resume_consuming_jobs" });
    expect((await wire.next("worker_status")).body.worker.activity).toBe("Idle");
    await wire.next("job_completed", id);
  });

  it("initialises, starts, updates and stops a job by direct orders", async () => {
    const { wire } = await start({ worker: "./live.mjs" });
    const order = { job_id: nextId++, parameters: [{ id: "word", type: "string", value: "one" }] };
    const change = (value: string) => ({ ...order, parameters: [{ id: "word", type: "string", value }] });
    await wire.sendDirect({ type: "init_process", ...order });
    expect((await wire.next("worker_initialized", order.job_id)).body.status).toBe("ready_to_start");
    expect((await wire.count(wire.queue)).consumers).toBe(0);
    await wire.sendDirect({ type: "start_process", ...order });
    expect((await wire.next("worker_started", order.job_id)).body.status).toBe("processing");
    await wire.next("job_progression", order.job_id);
    await wire.sendDirect({ type: "update_process", ...change("two") });
    expect((await wire.next("worker_updated", order.job_id)).body.status).toBe("updated");
    await wire.sendDirect({ type: "update_process", ...change("refused") });
    expect((await wire.next("worker_updated", order.job_id)).body.status).toBe("error");
    await wire.sendDirect({ type: "stop_process", ...order });
    const { body } = await wire.next("job_stopped", order.job_id);
    expect(body.parameters).toMatchObject([
      { id: "words", type: "array_of_strings", value: ["one", "two"] },
      { id: "why", value: "stopped" },
    ]);
    // Every order was settled, so jobs are delivered again.
    const id = nextId++;
    await wire.sendJob({ ...order, job_id: id, parameters: [{ id: "fail", type: "boolean", value: true }] });
    expect((await wire.next("job_error", id)).body.parameters).toMatchObject([
      { value: expect.stringMatching(/initialisation failed/) },
    ]);
  });
});
