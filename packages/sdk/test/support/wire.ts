import amqplib, { type ChannelModel, type ConfirmChannel, type ConsumeMessage, type Options } from "amqplib";
import type { ResponseBodies, ResponseKind } from "../../src/response/response.ts";

/** A response with the properties of its message. */
export interface WireResponse<Kind extends ResponseKind = ResponseKind> {
  readonly kind: Kind;
  readonly exchange: string;
  readonly properties: ConsumeMessage["properties"];
  readonly body: ResponseBodies[Kind];
}

/** The backend's side of a virtual host: sends orders and receives every response. */
export class Wire {
  /** Every response so far. */
  readonly responses: WireResponse[] = [];
  readonly channel: ConfirmChannel;
  readonly queue: string;
  readonly #connection: ChannelModel;
  readonly #taken = new Set<WireResponse>();
  readonly #changed = new EventTarget();

  private constructor(connection: ChannelModel, channel: ConfirmChannel, queue: string) {
    this.#connection = connection;
    this.channel = channel;
    this.queue = queue;
  }

  /** Connects to a virtual host, and collects the responses of the workers of this queue. */
  static async open(url: string, queue: string): Promise<Wire> {
    const connection = await amqplib.connect(url, { noDelay: true });
    connection.on("error", () => undefined);
    const wire = new Wire(connection, await connection.createConfirmChannel(), queue);
    await wire.#watch();
    return wire;
  }

  /** Puts an order, or the bytes of an invalid one, into the job queue. */
  async sendJob(order: object | Uint8Array, properties: Options.Publish = {}): Promise<void> {
    await this.publish("job_submit", this.queue, order, properties);
  }

  /** Sends an order to this queue's workers by direct messaging. */
  async sendDirect(order: object, headers: Record<string, unknown> = { job_type: this.queue }): Promise<void> {
    await this.publish("direct_messaging", "", order, { headers });
  }

  /** Publishes a message, and waits until the broker has confirmed it. */
  publish(exchange: string, key: string, order: object | Uint8Array, properties: Options.Publish): Promise<void> {
    const body = order instanceof Uint8Array ? Buffer.from(order) : Buffer.from(JSON.stringify(order));
    return new Promise((resolve, reject) => {
      this.channel.publish(exchange, key, body, properties, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Returns the next response of a kind, and of a job, that was not returned before. Waits for it if necessary. */
  async next<Kind extends ResponseKind>(kind: Kind, jobId?: number, timeoutMs = 10_000): Promise<WireResponse<Kind>> {
    const find = () =>
      this.responses.find(
        (one) =>
          one.kind === kind &&
          !this.#taken.has(one) &&
          (jobId === undefined || ("job_id" in one.body && one.body.job_id === jobId)),
      ) as WireResponse<Kind> | undefined;
    let isLate = false;
    let stop: () => void = () => undefined;
    const late = new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        isLate = true;
        resolve();
      }, timeoutMs);
      stop = () => clearTimeout(timer);
    });
    for (;;) {
      const found = find();
      if (found) {
        stop();
        this.#taken.add(found);
        return found;
      }
      if (isLate) throw new Error(`no ${kind} within ${timeoutMs} ms; ${this.#summary()}`);
      const came = new Promise<void>((resolve) =>
        this.#changed.addEventListener("response", () => resolve(), { once: true }),
      );
      await Promise.race([came, late]);
    }
  }

  /** Returns the kinds of the responses about a job, in order. Consecutive progressions count once. */
  kinds(jobId: number): ResponseKind[] {
    const kinds = this.responses
      .filter(({ body }) => "job_id" in body && body.job_id === jobId)
      .map(({ kind }) => kind);
    return kinds.filter((kind, i) => kind !== "job_progression" || kinds[i - 1] !== kind);
  }

  /** Returns the number of messages that are ready in a queue, and the number of its consumers. */
  async count(queue: string): Promise<{ messages: number; consumers: number }> {
    const { messageCount, consumerCount } = await this.channel.checkQueue(queue);
    return { messages: messageCount, consumers: consumerCount };
  }

  async close(): Promise<void> {
    await this.#connection.close().catch(() => undefined);
  }

  async #watch(): Promise<void> {
    const { queue } = await this.channel.assertQueue("", { exclusive: true });
    for (const exchange of ["job_response", "worker_response"]) {
      await this.channel.assertExchange(exchange, "topic", {
        arguments: { "alternate-exchange": `${exchange}_not_found` },
      });
      await this.channel.bindQueue(queue, exchange, "#");
    }
    await this.channel.consume(queue, (message) => message && this.#take(message), { noAck: true });
  }

  #take({ fields, properties, content }: ConsumeMessage): void {
    const body = JSON.parse(content.toString());
    // Only the responses of the workers of this queue.
    const { queue_name } = body.worker ?? body.worker_description ?? body;
    if (queue_name !== undefined && queue_name !== this.queue) return;
    const { routingKey: kind, exchange } = fields;
    this.responses.push({ kind, exchange, properties, body } as WireResponse);
    this.#changed.dispatchEvent(new Event("response"));
  }

  #summary(): string {
    return `received: ${this.responses.map(({ kind, body }) => ("job_id" in body ? `${kind} ${body.job_id}` : kind)).join(", ") || "nothing"}`;
  }
}
