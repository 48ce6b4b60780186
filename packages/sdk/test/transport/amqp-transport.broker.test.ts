import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import amqplib, { type ChannelModel } from "amqplib";
import { afterAll, describe, expect, it } from "vitest";
import { readSettings } from "../../src/env.ts";
import { type TransportUnderTest, transportContract } from "../../src/testing.ts";
import { AmqpTransport } from "../../src/transport/amqp/amqp-transport.ts";
import { Links } from "../../src/transport/amqp/links.ts";
import { declare, topology } from "../../src/transport/amqp/topology.ts";
import { useVirtualHost } from "../support/broker.ts";
import { urlOf } from "../support/broker-worker.ts";
import { silentLog } from "../support/silent-log.ts";

const virtualHost = useVirtualHost();
const connections: ChannelModel[] = [];
afterAll(() => Promise.all(connections.map((connection) => connection.close())));

let count = 0;

function names() {
  const queueName = `job_contract_${++count}`;
  const binding = { instance_id: queueName, job_type: queueName, worker_name: "test", worker_version: "1.0.0" };
  return { queueName, direct: { name: `direct_messaging_${queueName}`, binding, rename: () => false } };
}

function makeLinks({ queueName }: ReturnType<typeof names>): Links {
  return new Links({ settings: readSettings(virtualHost().env).broker, log: silentLog, queueName });
}

function makeTransport(of: ReturnType<typeof names>, links = makeLinks(of)): AmqpTransport {
  const settings = readSettings(virtualHost().env).broker;
  return new AmqpTransport({
    ...{ ...of, settings, log: silentLog, links, announcements: () => [], maxResponseBytes: undefined },
    onFailure: () => undefined,
  });
}

async function openChannel() {
  const connection = await amqplib.connect(urlOf(virtualHost()));
  connections.push(connection);
  return connection.createConfirmChannel();
}

async function makeTransportUnderTest(bodies: readonly string[]): Promise<TransportUnderTest> {
  const of = names();
  const channel = await openChannel();
  const { queueName, direct } = of;
  const options = {
    ...{ queueName, directQueueName: direct.name, binding: direct.binding },
    ...{ cluster: false, consumerTimeoutMs: undefined, exclusiveDirectQueue: false },
  };
  const lists = topology(options);
  // Without the direct queue, which the worker declares exclusively.
  for (const list of lists)
    await declare(
      channel,
      list.filter((one) => !("queue" in one ? one.queue : one.name).startsWith("direct_messaging_")),
    );
  for (const body of bodies) channel.publish("job_submit", of.queueName, Buffer.from(body));
  const { queue } = await channel.assertQueue("", { exclusive: true });
  await channel.bindQueue(queue, "job_response", "job_completed");
  await channel.waitForConfirms();
  const transport = makeTransport(of);
  const published = async () => {
    const messages = [];
    for (let message = await channel.get(queue); message; message = await channel.get(queue))
      messages.push({ body: message.content });
    return messages;
  };
  return { transport, published };
}

describe("AmqpTransport", () => {
  for (const { name, run } of transportContract(makeTransportUnderTest)) it(name, run);

  it("declares what a backend of any age and another worker can declare again", async () => {
    const of = names();
    const first = makeTransport(of);
    await first.start({ onDelivery: () => undefined });
    const channel = await openChannel();
    // As the backend of 2021 does: without a queue type, after the worker.
    await channel.assertQueue("worker_discovery", {
      arguments: { "x-dead-letter-exchange": "job_response_delayed", "x-dead-letter-routing-key": "worker_discovery" },
    });
    const second = makeTransport({ ...names(), queueName: of.queueName });
    await second.start({ onDelivery: () => undefined });
    await Promise.all([first.stop(), second.stop()]);
  });

  it("leaves a job that arrives while it is stopped in the queue, once and without a death", async () => {
    const [of, channel] = [names(), await openChannel()];
    const transport = makeTransport(of);
    await transport.start({ onDelivery: (delivery) => void delivery.settle("requeue") });
    channel.publish("job_submit", of.queueName, Buffer.from("job"));
    await channel.waitForConfirms();
    // Not awaited: the broker delivers the job while the transport closes.
    void transport.consume(true);
    await transport.stop();
    const returned = [];
    for (let message = await channel.get(of.queueName, { noAck: true }); message; )
      message = returned.push(message.fields.redelivered) > 0 && (await channel.get(of.queueName, { noAck: true }));
    expect(returned).toEqual([false]);
  });

  it("makes no connection if it is stopped before it starts to connect", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const { broker } = readSettings({ ...virtualHost().env, AMQP_HOSTNAME: "127.0.0.1", AMQP_PORT: String(port) });
    let connections = 0;
    server.on("connection", (socket) => {
      connections++;
      socket.destroy();
    });
    const links = new Links({ settings: broker, log: silentLog, queueName: "job_ended" });
    await links.close();
    // The server accepts connections in the order in which they were made.
    const own = connect(port, "127.0.0.1");
    await once(own, "close");
    server.close();
    expect(connections).toBe(1);
  });

  it("sends its messages if it is stopped while it opens its first connection", async () => {
    const [of, channel] = [names(), await openChannel()];
    const { queue } = await channel.assertQueue("", { exclusive: true });
    const alternate = { arguments: { "alternate-exchange": "job_response_not_found" } };
    await channel.assertExchange("job_response", "topic", alternate);
    await channel.bindQueue(queue, "job_response", of.queueName);
    const transport = makeTransport(of);
    const body = Buffer.from("last words");
    const published = transport.publish({ exchange: "job_response", routingKey: of.queueName, body });
    // It is stopped before it is open, so nothing awaits this promise.
    void transport.start({ onDelivery: () => undefined });
    await transport.stop();
    await published;
    expect((await channel.get(queue, { noAck: true })) || undefined).toMatchObject({ content: body });
  });

  it("does not settle a message after its channel is lost, so that the broker delivers it again", async () => {
    const of = names();
    const links = makeLinks(of);
    const transport = makeTransport(of, links);
    const settled: Promise<boolean>[] = [];
    let again: () => void = () => undefined;
    const came = new Promise<void>((resolve) => {
      again = resolve;
    });
    await transport.start({
      onDelivery: (delivery) => {
        if (!delivery.redelivered) {
          links.consuming.reset("on purpose");
          settled.push(new Promise((resolve) => setImmediate(() => resolve(delivery.settle("acknowledge")))));
          return;
        }
        settled.push(delivery.settle("acknowledge"));
        again();
      },
    });
    const channel = await openChannel();
    channel.publish("job_submit", of.queueName, Buffer.from("once"));
    await channel.waitForConfirms();
    await transport.consume(true);
    await came;
    expect(await Promise.all(settled)).toEqual([false, true]);
    await transport.stop();
  });
});
