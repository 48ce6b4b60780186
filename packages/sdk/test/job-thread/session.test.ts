import { describe, expect, it } from "vitest";
import { defineWorker, Type } from "../../src/index.ts";
import { runJob } from "../../src/testing.ts";

describe("setup and teardown", () => {
  it("run once, before and after the jobs", async () => {
    const calls: string[] = [];
    const worker = defineWorker({
      parameters: Type.Object({}),
      setup: async () => calls.push("setup"),
      teardown: (context) => void calls.push(`teardown ${context}`),
      process: () => void calls.push("process"),
    });
    await runJob(worker, {});
    expect(calls).toEqual(["setup", "process", "teardown 1"]);
    await runJob(worker, {}, { context: 7 });
    expect(calls.slice(3)).toEqual(["process", "teardown 7"]);
  });

  it("reject the start of the worker if setup fails", async () => {
    const worker = defineWorker({
      parameters: Type.Object({}),
      setup: () => Promise.reject(new Error("no model")),
      process: () => undefined,
    });
    await expect(runJob(worker, {})).rejects.toMatchObject({ code: "SETUP_FAILED", message: /no model/ });
  });
});
