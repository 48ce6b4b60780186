import { expect } from "vitest";
import type { Order } from "../../src/index.ts";
import { startTestWorker } from "../../src/testing.ts";
import { describeCases } from "../support/cases.ts";
import { direct } from "../support/test-orders.ts";
import { live } from "../support/test-workers.ts";

const kindOf: Readonly<Record<string, string>> = {
  error: "job_error",
  progression: "job_progression",
  status: "worker_status",
};

describeCases<{ orders: string[] }, { responses?: string[]; queues?: string[] }>(
  "sequences.json",
  async ({ input, expected }) => {
    const test = await startTestWorker(live([]));
    for (const text of input.orders) {
      const [type = ""] = text.split(" ");
      await test.send({ type, job_id: 1, parameters: [] } as unknown as Order, direct);
    }
    await test.close();
    const wanted = (expected.responses ?? expected.queues ?? []).filter(
      // Only a run on RabbitMQ announces the worker. The worker of this test does not complete, and reports 1 percent.
      (want) => want !== "worker_created" && want !== "completed" && !want.includes(".."),
    );
    expect(wanted).not.toEqual([]);
    let next = 0;
    for (const want of wanted) {
      const [name = "", detail] = want.replace(/[*]$/, "").split(":");
      const index = test.responses.findIndex(({ kind, body }, i) => {
        if (i < next || kind !== (kindOf[name] ?? name)) return false;
        if (detail === undefined) return true;
        return kind === "job_progression" ? body.progression === Number(detail) : JSON.stringify(body).includes(detail);
      });
      expect(index, `${want} after ${next} responses`).not.toBe(-1);
      next = index + 1;
    }
  },
  // Requests to the backend at start are made only in a run on RabbitMQ.
  ({ input }) => input.orders !== undefined,
);
