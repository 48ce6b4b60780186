import { expect, it } from "vitest";
import { useVirtualHost } from "../support/broker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const { start } = await useWorkers(virtualHost);

it("a worker with an empty AMQP_QUEUE consumes job_undefined, and no queue that the broker names", async () => {
  const env = { AMQP_QUEUE: "", DIRECT_MESSAGING_IDENTIFIER: "", AMQP_TLS: "", AMQP_CONSUMER_TIMEOUT: "" };
  const { wire } = await start({ queue: "job_undefined", env });
  await wire.sendJob(job(1));
  await wire.next("job_completed", 1);
  const { manage, vhost } = virtualHost();
  const queues = (await manage("GET", `/queues/${vhost}`)) as { name: string; durable: boolean }[];
  // That of the backend's side is not durable.
  const names = queues.filter(({ durable }) => durable).map(({ name }) => name);
  expect(names).toContain("job_undefined");
  expect(names.filter((name) => /^amq\.|^$/.test(name))).toEqual([]);
}, 30_000);
