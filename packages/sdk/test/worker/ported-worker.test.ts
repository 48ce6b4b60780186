import { describe, expect, it } from "vitest";
import { defineWorker, type JobHandle, type Static, Type, Worker } from "../../src/index.ts";
import { runJob } from "../../src/testing.ts";

const echo = defineWorker({
  parameters: Type.Object({ n: Type.Integer({ default: 1 }) }),
  process: ({ n }) => ({ parameters: { n } }),
});

describe("Worker", () => {
  const parameters = Type.Object({ action: Type.String() });
  class Ported extends Worker<typeof parameters> {
    model = 0;
    override setup() {
      this.model = 42;
    }
    process(handle: JobHandle, { action }: Static<typeof parameters>, jobId: number) {
      handle.publishJobProgression(50);
      if (action === "stopped") handle.setJobStatus("stopped");
      if (action === "error") handle.setJobStatus("error");
      if (action === "message") {
        handle.setJobStatus("error");
        handle.setErrorMessage("chosen message");
      }
      return {
        destinationPaths: ["/a"],
        parameters: [
          { id: "model", kind: "integer", value: this.model },
          { id: "job", kind: "string", value: `${jobId} ${handle.isStopped()}` },
        ],
      };
    }
  }
  const run = (action: string) => runJob(new Ported(parameters), { action }, { jobId: 9 });

  it("runs a job as the Python SDK does", async () => {
    expect(await run("completed")).toEqual({
      status: "completed",
      parameters: { model: 42, job: "9 false" },
      types: { model: "integer", job: "string" },
      destinationPaths: ["/a"],
      progress: [50],
      message: "",
    });
  });

  it("sets the final status of the job through its handle", async () => {
    expect(await run("stopped")).toMatchObject({
      status: "stopped",
      parameters: { model: 42 },
      destinationPaths: ["/a"],
    });
    expect(await run("message")).toMatchObject({ status: "error", message: "chosen message" });
    expect((await run("error")).message).toMatch(/No message for this error/);
    expect(await runJob(echo, { n: 2 })).toMatchObject({ parameters: { n: 2 } });
  });
});
