import type { Channel, ConsumeMessage } from "amqplib";
import { describe, expect, it } from "vitest";
import { toDelivery } from "../../src/transport/amqp/incoming.ts";
import type { Settlement } from "../../src/transport/transport.ts";

type Headers = Readonly<Record<string, unknown>>;

/** The delivery of a message with these headers, and the headers with which it is published again. */
function deliver(headers: Headers, cluster = false) {
  let published: Headers = {};
  const delivery = toDelivery(
    { content: Buffer.of(), fields: {}, properties: { headers } } as unknown as ConsumeMessage,
    { ack() {}, reject() {} } as unknown as Channel,
    {
      ...{ queueName: "job_test", direct: false, cluster, username: "guest", isOpen: () => true },
      publish: async ({ properties }) => {
        published = JSON.parse(JSON.stringify(properties.headers), (_, value) => value?.value ?? value) as Headers;
      },
    },
  );
  const settle = async (how: Settlement) => {
    await delivery.settle(how);
    return published;
  };
  return { delivery, settle };
}

/** What the broker makes of headers while a message waits in job_delayed. */
const expired = (headers: Headers) => ({
  ...headers,
  "x-death": [{ queue: "job_delayed", reason: "expired", count: 1 }],
});

describe("the attempt of a delivery", () => {
  it("is 1 at first", () => {
    expect(deliver({}).delivery.attempt).toBe(1);
    expect(deliver({}, true).delivery.attempt).toBe(1);
  });

  it.each([
    ["a classic", false],
    ["a quorum", true],
  ])("counts each delay once on %s queue", async (_, cluster) => {
    let headers: Headers = {};
    for (let attempt = 2; attempt < 5; attempt++) {
      headers = expired(await deliver(headers, cluster).settle("delay"));
      expect(deliver(headers, cluster).delivery).toMatchObject({ attempt, softRejects: attempt - 1, deaths: 0 });
    }
    expect(headers).not.toHaveProperty("lost_attempts");
  });

  it("counts deaths on a classic queue, before a delay and after it", async () => {
    const lost = await deliver(await deliver({}).settle("count_death")).settle("count_death");
    expect(deliver(lost).delivery).toMatchObject({ attempt: 3, deaths: 2 });
    const delayed = expired(await deliver(lost).settle("delay"));
    expect(deliver(delayed).delivery).toMatchObject({ attempt: 4, softRejects: 1 });
    const lostAgain = await deliver(delayed).settle("count_death");
    expect(deliver(lostAgain).delivery.attempt).toBe(5);
    const delayedAgain = expired(await deliver(lostAgain).settle("delay"));
    expect(deliver(delayedAgain).delivery).toMatchObject({ attempt: 6, softRejects: 2 });
    expect(deliver(await deliver(delayedAgain).settle("requeue")).delivery.attempt).toBe(6);
  });

  it("counts deliveries of a quorum queue, which forgets them when a message is published again", async () => {
    expect(deliver({ "x-delivery-count": 2 }, true).delivery).toMatchObject({ attempt: 3, deaths: 2 });
    const requeued = await deliver({ "x-delivery-count": 2 }, true).settle("requeue");
    expect(deliver(requeued, true).delivery.attempt).toBe(3);
    expect(deliver({ ...requeued, "x-delivery-count": 1 }, true).delivery.attempt).toBe(4);
    const delayed = expired(await deliver({ ...requeued, "x-delivery-count": 1 }, true).settle("delay"));
    expect(deliver(delayed, true).delivery).toMatchObject({ attempt: 5, softRejects: 1 });
    expect(deliver({ ...delayed, "x-delivery-count": 1 }, true).delivery.attempt).toBe(6);
  });

  it("counts dead letters of the reference, which rejects into job_delayed", () => {
    expect(deliver(expired({})).delivery).toMatchObject({ attempt: 2, deaths: 1 });
  });
});
