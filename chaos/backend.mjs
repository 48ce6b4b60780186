import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** @import { ChannelModel, ConfirmChannel, ConsumeMessage, Options } from "amqplib" */

/**
 * A response, in the fields that the suite reads.
 * @typedef {object} Response
 * @property {number} atMs when it came
 * @property {string} kind
 * @property {ResponseBody} body
 */

/**
 * @typedef {object} ResponseBody
 * @property {number} job_id
 * @property {number} [progression]
 * @property {readonly { id: string, value: unknown }[]} parameters
 * @property {{ activity: string }} worker
 * @property {{ job_id: number }} [job]
 */

/**
 * A job's final response.
 * @typedef {object} Final
 * @property {number} atMs
 * @property {string} kind
 * @property {string | undefined} message
 */

const sdk = join(import.meta.dirname, "..", "packages", "sdk", "package.json");
/** @type {typeof import("amqplib")} */
const { connect } = createRequire(sdk)("amqplib");

const responses = "chaos_responses";
const finalKinds = new Set(["job_completed", "job_error", "job_stopped"]);

/**
 * The backend's side of a virtual host: sends orders, keeps every response. Its queue outlives the broker, and its
 * connection is made again when it is lost, on the next of its addresses.
 */
export class Backend {
  /**
   * Every response that came for the first time.
   * @type {Response[]}
   */
  responses = [];
  /**
   * The final ones of each job.
   * @type {Map<number, Final[]>}
   */
  finals = new Map();
  /**
   * Which responses are kept, besides the final ones; all of them unless it is set.
   * @type {(response: Response) => boolean}
   */
  keeps = () => true;
  #urls;
  #attempt = 0;
  #cluster;
  /** @type {ChannelModel | undefined} */
  #connection;
  /** @type {ConfirmChannel | undefined} */
  #channel;
  #closing = false;
  /** @type {Set<string>} */
  #seen = new Set();
  #changed = new EventTarget();

  /**
   * @param {readonly string[]} urls
   * @param {boolean} cluster
   */
  constructor(urls, cluster) {
    this.#urls = urls;
    this.#cluster = cluster;
  }

  /**
   * @param {readonly string[]} urls
   * @param {boolean} cluster
   */
  static async open(urls, cluster) {
    const backend = new Backend(urls, cluster);
    await backend.#connect();
    return backend;
  }

  /** The channel of the present connection. */
  get channel() {
    if (!this.#channel) throw new Error("the backend is not connected");
    return this.#channel;
  }

  /**
   * Puts a job into a queue; resolves when the broker has confirmed it.
   * @param {string} queue
   * @param {number} jobId
   * @param {Readonly<Record<string, string | number>>} [values]
   * @param {Options.Publish} [properties]
   */
  async sendJob(queue, jobId, values = {}, properties = {}) {
    await this.publish("job_submit", queue, toOrder(jobId, values), { persistent: true, ...properties });
  }

  /**
   * Sends an order to the workers of a queue by direct messaging.
   * @param {string} queue
   * @param {object} order
   */
  async sendDirect(queue, order) {
    await this.publish("direct_messaging", "", order, { headers: { job_type: queue } });
  }

  /**
   * Publishes, confirmed.
   * @param {string} exchange
   * @param {string} key
   * @param {object} order bytes, or what is sent as JSON
   * @param {Options.Publish} [properties]
   * @returns {Promise<void>}
   */
  publish(exchange, key, order, properties = {}) {
    const body = Buffer.isBuffer(order) ? order : Buffer.from(JSON.stringify(order));
    return new Promise((resolve, reject) => {
      this.channel.publish(exchange, key, body, properties, (error) => (error ? reject(error) : resolve()));
    });
  }

  /**
   * Resolves with what a condition returns, once that is something; rejects when time has passed.
   * @template Found
   * @param {() => Found | undefined | false} condition
   * @param {string} what
   * @param {number} [timeoutMs]
   * @returns {Promise<Found>}
   */
  async until(condition, what, timeoutMs = 30_000) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    /** @type {Promise<unknown>} */
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

  /**
   * Resolves with the first response of a kind, about a job or of a worker's process; of those from an index on.
   * @param {string} kind
   * @param {number} [jobId]
   * @param {{ from?: number, timeoutMs?: number }} [options]
   */
  next(kind, jobId, { from = 0, timeoutMs } = {}) {
    const find = () =>
      this.responses.slice(from).find((one) => one.kind === kind && (jobId === undefined || one.body.job_id === jobId));
    return this.until(find, `${kind}${jobId === undefined ? "" : ` of job ${jobId}`}`, timeoutMs);
  }

  /**
   * Resolves with the first final response of a job.
   * @param {number} jobId
   * @param {number} [timeoutMs]
   */
  final(jobId, timeoutMs) {
    return this.until(() => this.finalsOf(jobId)[0], `a final response of job ${jobId}`, timeoutMs);
  }

  /**
   * The final responses of a job.
   * @param {number} jobId
   */
  finalsOf(jobId) {
    return this.finals.get(jobId) ?? [];
  }

  /**
   * The different statuses that a job ended with.
   * @param {number} jobId
   */
  statuses(jobId) {
    return [...new Set(this.finalsOf(jobId).map(({ kind }) => kind))];
  }

  /**
   * How many messages and consumers a queue has.
   * @param {string} queue
   */
  async count(queue) {
    const { messageCount, consumerCount } = await this.channel.checkQueue(queue);
    return { messages: messageCount, consumers: consumerCount };
  }

  /**
   * Waits until no message of a queue is left to be delivered, or time has passed: there is no event for that. Returns how
   * many are left.
   * @param {string} queue
   * @param {number} [timeoutMs]
   */
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
    await this.#connection?.close().catch(() => undefined);
  }

  async #connect() {
    const url = this.#urls[this.#attempt++ % this.#urls.length] ?? "";
    const connection = await connect(url, { noDelay: true, timeout: 5000 });
    const lost = new Promise((resolve) => connection.on("close", resolve));
    connection.on("error", () => undefined);
    try {
      const channel = await connection.createConfirmChannel();
      channel.on("error", () => undefined);
      await this.#watch(channel);
      this.#channel = channel;
    } catch (error) {
      connection.close().catch(() => undefined);
      throw error;
    }
    this.#connection = connection;
    void lost.then(() => (this.#closing ? undefined : this.#reconnect()));
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

  /** @param {ConfirmChannel} channel */
  async #watch(channel) {
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

  /**
   * @param {ConfirmChannel} channel
   * @param {ConsumeMessage} message
   */
  #take(channel, message) {
    const { content, fields } = message;
    try {
      channel.ack(message);
    } catch {
      // The channel is closed: the message is delivered again.
    }
    // What was published again after a cut, or delivered again, is the same to the byte: each carries its own time. A status
    // does not.
    const digest = createHash("sha1").update(fields.routingKey).update(content).digest("base64");
    if (this.#seen.has(digest) && fields.routingKey !== "worker_status") return;
    this.#seen.add(digest);
    /** @type {Response} */
    const response = { atMs: Date.now(), kind: fields.routingKey, body: JSON.parse(content.toString()) };
    if (this.keeps(response)) this.responses.push(response);
    if (finalKinds.has(response.kind)) this.#takeFinal(response);
    this.#changed.dispatchEvent(new Event("response"));
  }

  /** @param {Response} response */
  #takeFinal({ atMs, kind, body }) {
    const { job_id: jobId, parameters } = body;
    const text = parameters.find(({ id }) => id === "message")?.value;
    const message = typeof text === "string" ? text : undefined;
    const finals = this.finals.get(jobId);
    if (finals) finals.push({ atMs, kind, message });
    else this.finals.set(jobId, [{ atMs, kind, message }]);
  }
}

/**
 * A bare job with parameters of these values.
 * @param {number} jobId
 * @param {Readonly<Record<string, string | number>>} values
 */
function toOrder(jobId, values) {
  const parameters = Object.entries(values).map(([id, value]) => ({
    id,
    type: typeof value === "number" ? "integer" : "string",
    value,
  }));
  return { job_id: jobId, parameters };
}
