import { expect, it } from "vitest";
import { McaiError } from "../../src/errors.ts";
import { Processor } from "../../src/job-thread/processor.ts";
import { Redactor } from "../../src/log/redactor.ts";
import { ParameterError } from "../../src/parameters/faults.ts";
import { Type } from "../../src/schema/typebox.ts";
import type { Report, RunEnd } from "../../src/thread-protocol/messages.ts";
import { StopFlag } from "../../src/thread-protocol/stop-flag.ts";
import type { AnyWorker } from "../../src/worker/define-worker.ts";
import { toDefinition, Worker } from "../../src/worker/ported-worker.ts";
import { silentLog } from "../support/silent-log.ts";

const parameters = Type.Object({ count: Type.Integer({ default: 1 }) });

async function endOf(worker: AnyWorker, count: unknown = 1): Promise<RunEnd | undefined> {
  const reports: Report[] = [];
  const processor = new Processor({
    worker,
    context: undefined,
    stores: { keepSecret: () => undefined, read: () => Promise.reject(new Error("no store")) },
    stopFlag: new StopFlag(),
    threads: 1,
    progressIntervalMs: 500,
    redactor: new Redactor(),
    log: silentLog,
    report: (report) => void reports.push(report),
  });
  const order = { job_id: 71, parameters: [{ id: "count", type: "integer", value: count }] };
  await processor.execute({ kind: "run", serial: 1, attempt: 1, order: { type: "job", ...order } as never });
  return reports.flatMap((report) => (report.kind === "ended" ? [report.end] : []))[0];
}

const throwing = (error: unknown): AnyWorker => ({
  parameters,
  process() {
    throw error;
  },
});

it("the end of a run has the code and every fault of an error of the SDK", async () => {
  const worker: AnyWorker = { parameters, process: () => ({ parameters: { a: Number.NaN, b: () => 1 } }) };
  expect(await endOf(worker, "x")).toMatchObject({
    status: "error",
    code: "PARAMETERS_INVALID",
    faults: [{ path: "count", message: expect.stringContaining("expected integer") }],
  });
  expect(await endOf(worker)).toMatchObject({
    code: "RESULT_INVALID",
    faults: [{ path: "parameters.a" }, { path: "parameters.b" }],
  });
});

it("the end of a run has no code for what the worker's own code threw", async () => {
  const own = [
    new Error("a"),
    new McaiError("STORE_FAILED", "a"),
    new ParameterError([{ path: "a", message: "is odd" }]),
  ];
  for (const error of own)
    expect(Object.keys((await endOf(throwing(error))) ?? {})).toEqual(["status", "message", "stack"]);
});

it("the end of a run has the code of a status that a Worker sets", async () => {
  class Ported extends Worker {
    process(handle: Parameters<Worker["process"]>[0]) {
      handle.setJobStatus("error");
      return undefined;
    }
  }
  expect(await endOf(toDefinition(new Ported(parameters)) as AnyWorker)).toEqual({
    status: "error",
    code: "JOB_FAILED",
    message: "No message for this error in worker",
  });
});
