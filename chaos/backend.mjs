import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const sdk = join(import.meta.dirname, "..", "packages", "sdk", "package.json");
const { connect } = createRequire(sdk)("amqplib");

const responses = "chaos_responses";
const finalKinds = new Set(["job_completed", "job_error", "job_stopped"]);

/**
 * The backend's side of a virtual host: sends orders, keeps every response. Its queue outlives the broker, and its
 * connection is made again when it is lost, on the next of its addresses.
 */
export class Backend {
  /** Every response that came for the first time: `{ atMs, kind, body }`. */
  responses = [];
  /** The final ones of each job: `{ atMs, kind, message }`. */
  finals = new Map();
  channel;
  /** Which responses are kept, besides the final ones; all of them unless it is set. */
  keeps = (_response) => true;
  #urls;
  #attempt = 0;
  #cluster;
  #connection;
  #closing = false;
  #seen = new Set();
  #changed = new EventTarget();

  constructor(urls, cluster) {
    this.#urls = urls;
    this.#cluster = cluster;
  }

  static async open(urls, cluster) {
    const backend = new Backend(urls, cluster);
    await backend.#connect();
    return backend;
  }

  /** Puts a job into a queue; resolves when the broker has confirmed it. */
  async sendJob(queue, jobId, values = {}, properties = {}) {
    await this.publish("job_submit", queue, toOrder(jobId, values), { persistent: true, ...properties });
  }

  /** Sends an order to the workers of a queue by direct messaging. */
  async sendDirect(queue, order) {
    await this.publish("direct_messaging", "", order, { headers: { job_type: queue } });
  }

  /** Publishes, confirmed. */
  publish(exchange, key, order, properties = {}) {
    const body = Buffer.isBuffer(order) ? order : Buffer.from(JSON.stringify(order));
    return new Promise((resolve, reject) => {
      this.channel.publish(exchange, key, body, properties, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Resolves with what a condition gives, once it gives something; rejects when time has passed. */
  async until(condition, what, timeoutMs = 30_000) {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, timeoutMs, "late");
    });
    try {
      for (;;) {
        const found = condition();
        if (found !== undefined && found !== false) return found;
        const came = new Promise((resolve) => this.#changed.addEventListener("response", resolve, { once: true }));
        if ((await Promise.race([came, late])) === "late") throw new Error(`${what}: not within ${timeoutMs} ms`);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Resolves with the first response of a kind, about a job or of a worker's process; of those from an index on. */
  next(kind, jobId, { from = 0, timeoutMs } = {}) {
    const find = () =>
      this.responses.slice(from).find((one) => one.kind === kind && (jobId === undefined || one.body.job_id === jobId));
    return this.until(find, `${kind}${jobId === undefined ? "" : ` of job ${jobId}`}`, timeoutMs);
  }

  /** Resolves with the first final response of a job. */
  final(jobId, timeoutMs) {
    return this.until(() => this.finals.get(jobId)?.[0], `a final response of job ${jobId}`, timeoutMs);
  }

  /** The different statuses that a job ended with. */
  statuses(jobId) {
    return [...new Set((this.finals.get(jobId) ?? []).map(({ kind }) => kind))];
  }

  /** How many messages and consumers a queue has. */
  async count(queue) {
    const { messageCount, consumerCount } = await this.channel.checkQueue(queue);
    return { messages: messageCount, consumers: consumerCount };
  }

  /** Waits until no message of a queue is left to be delivered, or time has passed; no event tells of it. Gives how many are. */
  async emptied(queue, timeoutMs = 30_000) {
    const endMs = Date.now() + timeoutMs;
    for (;;) {
      const { messages } = await this.count(queue);
      if (messages === 0 || Date.now() >= endMs) return messages;
      await delay(100);
    }
  }

  async close() {
    this.#closing = true;
    await this.#connection.close().catch(() => undefined);
  }

  async #connect() {
    const url = this.#urls[this.#attempt++ % this.#urls.length];
    const connection = await connect(url, { noDelay: true, timeout: 5000 });
    const lost = new Promise((resolve) => connection.on("close", resolve));
    connection.on("error", () => undefined);
    try {
      this.channel = await connection.createConfirmChannel();
      this.channel.on("error", () => undefined);
      await this.#watch();
    } catch (error) {
      connection.connection.stream.destroy();
      throw error;
    }
    this.#connection = connection;
    void lost.then(() => this.#closing || this.#reconnect());
  }

  async #reconnect() {
    while (!this.#closing) {
      try {
        return await this.#connect();
      } catch {
        await delay(200);
      }
    }
  }

  async #watch() {
    const { channel } = this;
    const type = { arguments: { "x-queue-type": this.#cluster ? "quorum" : "classic" } };
    await channel.assertQueue(responses, { durable: true, ...type });
    for (const exchange of ["job_response", "worker_response"]) {
      const alternate = { arguments: { "alternate-exchange": `${exchange}_not_found` } };
      await channel.assertExchange(exchange, "topic", alternate);
      await channel.bindQueue(responses, exchange, "#");
    }
    await channel.prefetch(200);
    await channel.consume(responses, (message) => message && this.#take(channel, message));
  }

  #take(channel, message) {
    const { content, fields } = message;
    try {
      channel.ack(message);
    } catch {
      // The channel is gone, and the message comes again.
    }
    // What was published again after a cut, or delivered again, is the same to the byte: each carries its own time.
    const digest = createHash("sha1").update(fields.routingKey).update(content).digest("base64");
    if (this.#seen.has(digest)) return;
    this.#seen.add(digest);
    const response = { atMs: Date.now(), kind: fields.routingKey, body: JSON.parse(content.toString()) };
    if (this.keeps(response)) this.responses.push(response);
    if (finalKinds.has(response.kind)) this.#takeFinal(response);
    this.#changed.dispatchEvent(new Event("response"));
  }

  #takeFinal({ atMs, kind, body }) {
    const { job_id: jobId, parameters } = body;
    const message = parameters.find(({ id }) => id === "message")?.value;
    const finals = this.finals.get(jobId);
    if (finals) finals.push({ atMs, kind, message });
    else this.finals.set(jobId, [{ atMs, kind, message }]);
  }
}

/** A bare job with parameters of these values. */
function toOrder(jobId, values) {
  const parameters = Object.entries(values).map(([id, value]) => ({
    id,
    type: typeof value === "number" ? "integer" : "string",
    value,
  }));
  return { job_id: jobId, parameters };
}
