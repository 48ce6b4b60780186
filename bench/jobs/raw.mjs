// A loop of plain amqplib that does the same as a worker on the wire, and nothing else: it sets the limit. It runs one job
// at a time and publishes three responses without waiting for each other's confirmation; it acknowledges the order when
// all three are confirmed. With the argument `split` it consumes on a connection of its own, and posts each order to
// another thread and back, which does nothing: that is the limit of any worker that has two connections and whose jobs
// may block.
import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";

/** @type {typeof import("../../packages/sdk/node_modules/amqplib/index.js")} */
const { connect } = createRequire(join(import.meta.dirname, "..", "..", "packages", "sdk", "package.json"))("amqplib");
const { AMQP_PORT, AMQP_VHOST, AMQP_QUEUE } = process.env;

const isSplit = process.argv[2] === "split";
const open = () => connect(`amqp://127.0.0.1:${AMQP_PORT}/${AMQP_VHOST}`, { noDelay: true });
const channel = await (await open()).createConfirmChannel();
const orders = isSplit ? await (await open()).createChannel() : channel;
await orders.prefetch(1);

const cores = [0, 1].map((i) => ({ name: `cpu${i}`, usage: 12 }));
const load_average = { one_minute: 0.5, five_minute: 0.4, fifteen_minute: 0.2 };
const counts = { total_bytes_received: 10, total_bytes_transmitted: 20, total_packets_received: 1 };
const networks = ["lo", "eth0"].map((name) => ({ name, ...counts, total_packets_transmitted: 2 }));
const system_info = { memory: 512_000, swap: 0, load_average, cores, gpus: [], networks };
const now = () => new Date().toISOString();

/** @type {(key: string, body: object) => Promise<void>} */
const publish = (key, body) =>
  new Promise((resolve, reject) => {
    const content = Buffer.from(JSON.stringify(body));
    const properties = { deliveryMode: 2 };
    channel.publish("job_response", key, content, properties, (error) => (error ? reject(error) : resolve()));
  });
/** @type {(job_id: number, progression: number) => Promise<void>} */
const progress = (job_id, progression) =>
  publish("job_progression", { job_id, progression, datetime: now(), docker_container_id: "raw", system_info });

const echo =
  'const { parentPort } = require("node:worker_threads"); parentPort.on("message", (id) => parentPort.postMessage(id));';
const thread = isSplit ? new Worker(echo, { eval: true }) : undefined;

/** @type {(value?: unknown) => void} */
let answer = () => undefined;
thread?.on("message", () => answer());

await orders.consume(String(AMQP_QUEUE), async (message) => {
  if (message === null) throw new Error("the broker cancelled the consumer");
  const { job_id } = JSON.parse(message.content.toString());
  if (thread)
    await new Promise((resolve) => {
      answer = resolve;
      thread.postMessage(job_id);
    });
  const times = { execution_duration: 0.1, cpu_time: 0.1, gpu_time: 0, datetime: now() };
  await Promise.all([
    progress(job_id, 0),
    progress(job_id, 50),
    publish("job_completed", { job_id, status: "completed", destination_paths: [], parameters: [], ...times }),
  ]);
  orders.ack(message);
});
