import type { Channel, ConsumeMessage } from "amqplib";
import { expect, it } from "vitest";
import { toDelivery } from "../../src/transport/amqp/incoming.ts";

it.each(["requeue", "count_death", "delay"] as const)(
  "an order that the broker no longer takes for its size is dead-lettered instead of %s",
  async (settlement) => {
    const settled: string[] = [];
    const channel = {
      ack: () => settled.push("acknowledged"),
      reject: (_: unknown, requeue: boolean) => settled.push(requeue ? "requeued" : "dead-lettered"),
    };
    const message = { content: Buffer.from("{}"), fields: { redelivered: false }, properties: {} };
    const delivery = toDelivery(message as ConsumeMessage, channel as unknown as Channel, {
      ...{ queueName: "job_test", direct: false, cluster: false, username: "guest", isOpen: () => true },
      publish: () => Promise.reject(new Error("too large")),
    });
    expect(await delivery.settle(settlement)).toBe(true);
    expect(settled).toEqual(["dead-lettered"]);
  },
);
