import type { ConsumeMessage } from "amqplib";
import { describe, expect, it } from "vitest";
import { toDelivery } from "../../src/transport/amqp/incoming.ts";
import { useVirtualHost } from "../support/broker.ts";
import { urlOf } from "../support/broker-worker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";
import { Wire } from "../support/wire.ts";

const virtualHost = useVirtualHost();
// A virtual host cannot have the queues of both configurations, cluster and standalone.
const quorumHost = useVirtualHost();
const { start, startBehindProxy } = await useWorkers(virtualHost);

let nextId = 500;
const reconnected = /was lost[\s\S]*Connected to the broker \S+ \(\S+ \(consumes\)\)/;

/** Takes a job from a queue and closes the connection without settling it. */
async function loseOnce(url: string, queue: string): Promise<void> {
  const other = await Wire.open(url, queue);
  if (!(await other.channel.get(queue))) throw new Error("there was no job to lose");
  await other.close();
}

/** Takes the order of a quorum queue and requeues it, as a worker with another current job does. */
async function requeueOrder({ queue, channel }: Wire): Promise<void> {
  await channel.prefetch(1);
  const message = await new Promise<ConsumeMessage | null>((resolve) => {
    void channel.consume(queue, resolve, { consumerTag: "busy" });
  });
  await channel.cancel("busy");
  if (!message) throw new Error("the queue was deleted");
  const delivery = toDelivery(message, channel, {
    queueName: queue,
    direct: false,
    cluster: true,
    username: "guest",
    isOpen: () => true,
    publish: async ({ exchange, routingKey, body, properties }) => {
      channel.publish(exchange, routingKey, Buffer.from(body), properties);
      await channel.waitForConfirms();
    },
  });
  await delivery.settle("requeue");
}

describe("a job whose worker was lost", { timeout: 30_000 }, () => {
  it("returns to a classic queue with one more death, and runs unless there are too many", async () => {
    const { wire } = await start({ env: { MESSAGE_TTL_LIMIT: "1" } });
    const before = {
      headers: { "x-death": [{ count: { "!": "long", value: 1 }, queue: wire.queue, reason: "rejected" }] },
    };
    for (const [properties, kind] of [
      [{}, "job_completed"],
      [before, "job_error"],
    ] as const) {
      const id = nextId++;
      await wire.sendDirect({ type: "stop_consuming_jobs" });
      await wire.next("worker_status");
      await wire.sendJob(job(id), properties);
      await loseOnce(urlOf(virtualHost()), wire.queue);
      await wire.sendDirect({ type: "resume_consuming_jobs" });
      await wire.next("worker_status");
      await wire.next(kind, id);
      expect(wire.kinds(id).filter((one) => one !== "job_progression")).toEqual([kind]);
    }
  });

  it("runs at once on a quorum queue, which counts the deaths", async () => {
    const env = { AMQP_SERVER_CONFIGURATION: "cluster", MESSAGE_TTL_LIMIT: "1" };
    const { wire } = await start({ env }, quorumHost());
    const [once, twice] = [nextId++, nextId++];
    for (const [id, losses] of [
      [once, 1],
      [twice, 2],
    ] as const) {
      await wire.sendDirect({ type: "stop_consuming_jobs" });
      await wire.next("worker_status");
      await wire.sendJob(job(id));
      for (let i = 0; i < losses; i++) await loseOnce(urlOf(quorumHost()), wire.queue);
      await wire.sendDirect({ type: "resume_consuming_jobs" });
      await wire.next("worker_status");
      await wire.next(id === once ? "job_completed" : "job_error", id);
    }
    expect(wire.kinds(twice)).toEqual(["job_error"]);
  });
});

describe("a job whose worker lost its connection", { timeout: 30_000 }, () => {
  it("is recognised by it on a quorum queue, even after another worker requeued the order", async () => {
    const { proxy, wire, run } = await startBehindProxy({ AMQP_SERVER_CONFIGURATION: "cluster" }, quorumHost());
    const id = nextId++;
    await wire.sendJob(job(id, { action: "poll" }));
    await wire.next("job_progression", id);
    proxy.refuse(true);
    proxy.cut();
    await requeueOrder(wire);
    await requeueOrder(wire);
    proxy.refuse(false);
    await run.waitFor(reconnected);
    await wire.sendDirect({ type: "stop_process", job_id: id, parameters: [] });
    await wire.next("job_stopped", id);
    await wire.sendJob(job(nextId));
    await wire.next("job_completed", nextId++);
    expect(wire.kinds(id)).toEqual(["job_progression", "job_stopped"]);
  });
});
