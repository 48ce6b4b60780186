import { expect } from "vitest";
import type { Order } from "../../src/index.ts";
import { startTestWorker } from "../../src/testing.ts";
import { describeCases } from "../support/cases.ts";
import { direct } from "../support/test-orders.ts";
import { live } from "../support/test-workers.ts";

describeCases<
  { mode: string; orders: string[]; via?: string; server?: unknown },
  { responses?: string[]; queues?: string[] }
>(
  "sequences.json",
  async ({ input, expected }) => {
    // The backend's list is read over RabbitMQ runs only.
    const wanted = (expected.responses ?? expected.queues ?? []).filter((kind) => kind !== "worker_created");
    if (input.orders === undefined) return;
    const test = await startTestWorker(live([]));
    for (const text of input.orders) {
      const [type = ""] = text.split(" ");
      await test.send({ type, job_id: 1, parameters: [] } as unknown as Order, direct);
    }
    await test.close();
    const came = test.responses.map(({ kind, body }) => ({ kind, text: JSON.stringify(body) }));
    for (const want of wanted) {
      const [name = "", detail] = want.replace(/[*]$/, "").split(":");
      if (name === "completed" || detail?.includes("..")) continue;
      const names: Record<string, string> = {
        error: "job_error",
        progression: "job_progression",
        status: "worker_status",
      };
      const kind = names[name] ?? name;
      expect(
        came.some((one) => one.kind === kind && (detail === undefined || one.text.includes(detail))),
        want,
      ).toBe(true);
    }
  },
  // What a worker asks its backend at start belongs to its run on RabbitMQ.
  ({ input }) => input.orders !== undefined,
);
