import { delimiter } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Ended, job, openWorkersFolder, runOrders, runToEnd, writeOrders } from "../support/run-local.ts";

const folder = await openWorkersFolder();
afterAll(() => folder.remove());

/** Returns how each job ended, in order. */
function endings({ log }: Ended): [string, number][] {
  return log.flatMap(({ text, jobId }): [string, number][] => {
    const tag = /^\{"(Completed|Error|Stopped)":/.exec(text)?.[1];
    return tag === undefined ? [] : [[tag, jobId]];
  });
}

describe.concurrent("a local run", { timeout: 30_000 }, () => {
  it("runs the orders one after another and exits with 0", async () => {
    const run = await runOrders(folder, [job(71, { text: "Grüße 🎬" }), job(72)]);
    expect(run.exitCode).toBe(0);
    expect(endings(run)).toEqual([
      ["Completed", 71],
      ["Completed", 72],
    ]);
    expect(run.responses("Completed")[0]).toMatchObject({
      job_id: 71,
      status: "completed",
      destination_paths: ["/out.json"],
      parameters: [{ id: "text", type: "string", store: null, value: "Grüße 🎬", default: null }],
    });
    expect(run.responses("Feedback").map(({ job_id, progression }) => [job_id, progression])).toEqual([
      [71, 0],
      [72, 0],
    ]);
  });

  it("runs the other orders and exits with 1 if a job fails", async () => {
    const run = await runOrders(folder, [job(71, { action: "fail", text: "no tiles" }), job(72)]);
    expect(run.exitCode).toBe(1);
    expect(endings(run)).toEqual([
      ["Error", 71],
      ["Completed", 72],
    ]);
    expect(run.responses("Error")[0]?.parameters).toEqual([
      { id: "message", type: "string", store: null, value: "Error: failed on purpose: no tiles", default: null },
    ]);
  });

  it("exits with 0 if a job stops itself", async () => {
    const run = await runOrders(folder, [job(71, { action: "stop_itself" }), job(72)]);
    expect(run.exitCode).toBe(0);
    expect(endings(run)).toEqual([
      ["Stopped", 71],
      ["Completed", 72],
    ]);
  });

  it("accepts orders with a type as well as jobs without one", async () => {
    const orders = [{ type: "job", ...job(71) }, { type: "status" }, job(72), { type: "stop_worker" }, job(73)];
    const run = await runOrders(folder, orders);
    expect(run.exitCode).toBe(0);
    expect(endings(run)).toEqual([
      ["Completed", 71],
      ["Completed", 72],
    ]);
    expect(run.stderr).toContain('"activity":"Idle"');
    expect(run.stderr).toContain('{"WorkerTerminated":');
    expect(run.stderr.match(/Start to process order/g)).toHaveLength(4);
  });

  it("initialises a job from one file and starts it from the next", async () => {
    const orders = [
      { type: "init_process", ...job(71, { text: "two files" }) },
      { type: "start_process", ...job(71) },
    ];
    const run = await runOrders(folder, [...orders, job(72)]);
    expect(run.exitCode).toBe(0);
    expect(run.responses("WorkerInitialized")).toMatchObject([{ job_id: 71, status: "ready_to_start" }]);
    expect(run.responses("WorkerStarted")).toMatchObject([{ job_id: 71, status: "processing" }]);
    expect(run.responses("Completed")).toMatchObject([
      { job_id: 71, parameters: [{ value: "two files" }] },
      { job_id: 72, parameters: [{ value: "nothing" }] },
    ]);
  });

  it("fails a job that comes before the start of an initialised one, and goes on", async () => {
    const [init, start] = ["init_process", "start_process"].map((type) => ({ type, ...job(71) }));
    const run = await runOrders(folder, [init ?? {}, job(72), start ?? {}]);
    expect(run.exitCode).toBe(1);
    expect(endings(run)).toEqual([
      ["Error", 72],
      ["Completed", 71],
    ]);
  });

  it("stops a job that was initialised and never started", async () => {
    const run = await runOrders(folder, [{ type: "init_process", ...job(71) }]);
    expect(run.responses("WorkerInitialized")).toMatchObject([{ job_id: 71 }]);
    expect(endings(run)).toEqual([["Stopped", 71]]);
    expect(run.exitCode).toBe(0);
  });

  it.each([
    ["is empty", "", "the message is empty"],
    ["is not JSON", "{job_id: 71}", "the message is not JSON"],
    ["is truncated", '{"job_id":71,"parameters":[', "the message is not JSON"],
    ["is not UTF-8", Buffer.from('{"job_id":71,"parameters":[],"a":"\xe9"}', "latin1"), "the message is not UTF-8"],
    ["is not an object", "[]", "expected a JSON object"],
    ["is nested 10,000 levels deep", "[".repeat(10_000) + "]".repeat(10_000), "nested 10000 levels deep"],
    ["has 64 MiB", Buffer.alloc(64 * 1024 * 1024, " "), "the message has 67108864 bytes"],
    ["has an unknown type", { type: "dance", ...job(71) }, 'unknown order type "dance"'],
  ])("names a file that %s, and runs the others", async (_, content, why) => {
    const orders = await writeOrders(folder, [job(70), content, job(72)]);
    const run = await runToEnd(folder, { env: { SOURCE_ORDERS: orders } });
    expect(run.exitCode).toBe(1);
    expect(endings(run).filter(([, id]) => id !== 71)).toEqual([
      ["Completed", 70],
      ["Completed", 72],
    ]);
    const errors = run.log.filter(({ level }) => level === "ERROR");
    expect(errors).toHaveLength(1);
    expect(errors[0]?.text).toContain(orders.split(delimiter)[1]);
    expect(errors[0]?.text).toContain(why);
    expect(errors[0]?.text.length).toBeLessThan(1000);
  });

  it.each([
    ["does not exist", "no/such/order.json", "ENOENT"],
    ["is a folder", ".", "EISDIR"],
    ["has an empty name", "", "ENOENT"],
  ])("names a file that %s, and runs the others", async (_, file, why) => {
    const first = await writeOrders(folder, [job(70)]);
    const last = await writeOrders(folder, [job(72)]);
    const run = await runToEnd(folder, { env: { SOURCE_ORDERS: [first, file, last].join(delimiter) } });
    expect(run.exitCode).toBe(1);
    expect(endings(run)).toEqual([
      ["Completed", 70],
      ["Completed", 72],
    ]);
    expect(run.log.filter(({ level }) => level === "ERROR").map(({ text }) => text)).toEqual([
      expect.stringMatching(new RegExp(`"${file}".*${why}`)),
    ]);
  });

  it("treats an empty SOURCE_ORDERS as a file with an empty name, as the reference does", async () => {
    const run = await runToEnd(folder, { env: { SOURCE_ORDERS: "" } });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('The order file "" cannot be read');
  });

  it("sends one progression per whole percent for a million calls", async () => {
    const run = await runOrders(folder, [job(71, { action: "progress" })]);
    const percents = run.responses("Feedback").map(({ progression }) => progression);
    expect(percents).toEqual(Array.from({ length: 101 }, (_, percent) => percent));
    expect(run.exitCode).toBe(0);
  });
});
