import { describe, expect, it } from "vitest";
import { defineLiveWorker, defineWorker, Type } from "../../src/index.ts";
import { startTestWorker } from "../../src/testing.ts";
import { disposable } from "../support/test-workers.ts";

const environment = { MCAI_MAX_RESPONSE_BYTES: "20000", MCAI_MAX_ERROR_BYTES: "10000" };
const messageOf = ({ parameters }: { readonly parameters: readonly { readonly value: unknown }[] }) =>
  String(parameters[0]?.value);

describe("an answer that is larger than MCAI_MAX_RESPONSE_BYTES", () => {
  it("is an error for a job, whether it completed, failed or was stopped", async () => {
    const worker = defineWorker({
      parameters: Type.Object({ count: Type.Integer(), fail: Type.Boolean({ default: false }) }),
      async process({ count, fail }, job) {
        if (fail) throw new Error("\u0001".repeat(count));
        if (count === 0) await new Promise((resolve) => job.signal.addEventListener("abort", resolve));
        return { parameters: { text: "x".repeat(count || 30_000) } };
      },
    });
    await using started = disposable(await startTestWorker(worker, { environment }));
    const send = (job_id: number, count: number, fail = false) =>
      started.worker.send({
        ...{ type: "job", job_id },
        parameters: [
          { id: "count", type: "integer", value: count },
          { id: "fail", type: "boolean", value: fail },
        ],
      });
    await send(1, 30_000);
    expect(messageOf(await started.worker.next("job_error"))).toMatch(/have 30\d+ bytes as JSON.* maximum of 20000\./);
    await send(2, 30_000, true);
    expect(messageOf(await started.worker.next("job_error"))).toMatch(/^Error: .* … \(\d+ bytes cut\) … /);
    const stopped = send(3, 0);
    await started.worker.next("job_progression");
    await started.worker.next("job_progression");
    await started.worker.next("job_progression");
    await started.worker.send({ type: "stop_process", job_id: 3, parameters: [] }, { direct: true });
    expect(messageOf(await started.worker.next("job_error"))).toMatch(/maximum of 20000/);
    expect(await stopped).toBe("acknowledge");
    await send(4, 10_000);
    await started.worker.next("job_completed");
    for (const { body } of started.worker.responses)
      expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(20_000);
  });

  it("is an error that fits for an update, and is not sent for an order about the worker", async () => {
    const worker = defineLiveWorker({
      parameters: Type.Object({ word: Type.String({ default: "" }) }),
      initProcess: (_, job) => ({
        run: () => new Promise<void>((resolve) => job.signal.addEventListener("abort", () => resolve())),
        updateProcess({ word }) {
          throw new Error(`${word} is refused`);
        },
      }),
    });
    const metadata = { description: "d".repeat(20_000) };
    await using started = disposable(await startTestWorker(worker, { environment, metadata }));
    const send = (type: "init_process" | "start_process" | "update_process" | "stop_process", value: string) =>
      started.worker.send({ type, job_id: 1, parameters: [{ id: "word", type: "string", value }] }, { direct: true });
    expect(await started.worker.send({ type: "status" }, { direct: true })).toBe("acknowledge");
    expect(await started.worker.send({ type: "get_black_list" }, { direct: true })).toBe("acknowledge");
    void send("init_process", "");
    await started.worker.next("worker_initialized");
    void send("start_process", "");
    await started.worker.next("worker_started");
    await send("update_process", "é".repeat(1_000_000));
    const { status, ...updated } = await started.worker.next("worker_updated");
    expect(status).toBe("error");
    expect(messageOf(updated)).toMatch(/^Error: é+ … \(\d+ bytes cut\) … é+ is refused$/);
    await send("stop_process", "");
    await started.worker.next("job_stopped");
    const kinds = started.worker.responses.map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "worker_status" || kind === "worker_black_list")).toEqual([]);
  });
});
