import amqplib, { type ChannelModel, type ConfirmChannel, type ConsumeMessage, type Options } from "amqplib";
import type { ResponseBodies, ResponseKind } from "../../src/response/response.ts";

/** One response as it stood on the wire. */
export interface WireResponse<Kind extends ResponseKind = ResponseKind> {
  readonly kind: Kind;
  readonly exchange: string;
  readonly properties: ConsumeMessage["properties"];
  readonly body: ResponseBodies[Kind];
}

/** The backend's side of a virtual host: sends orders, and sees every response. */
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

  /** Connects to a virtual host whose worker consumes this queue, and watches it. */
  static async open(url: string, queue: string): Promise<Wire> {
    const connection = await amqplib.connect(url, { noDelay: true });
    connection.on("error", () => undefined);
    const wire = new Wire(connection, await connection.createConfirmChannel(), queue);
    await wire.#watch();
    return wire;
  }

  /** Puts an order, or the bytes of what may be none, into the job queue. */
  async sendJob(order: object | Uint8Array, properties: Options.Publish = {}): Promise<void> {
    await this.publish("job_submit", this.queue, order, properties);
  }

  /** Sends an order to this queue's workers by direct messaging. */
  async sendDirect(order: object, headers: Record<string, unknown> = { job_type: this.queue }): Promise<void> {
    await this.publish("direct_messaging", "", order, { headers });
  }

  /** Publishes, confirmed. */
  publish(exchange: string, key: string, order: object | Uint8Array, properties: Options.Publish): Promise<void> {
    const body = order instanceof Uint8Array ? Buffer.from(order) : Buffer.from(JSON.stringify(order));
    return new Promise((resolve, reject) => {
      this.channel.publish(exchange, key, body, properties, (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Awaits the next response of a kind that was not awaited before, of this job if one is given. */
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
      if (isLate) throw new Error(`no ${kind} came within ${timeoutMs} ms; ${this.#summary()}`);
      const came = new Promise<void>((resolve) =>
        this.#changed.addEventListener("response", () => resolve(), { once: true }),
      );
      await Promise.race([came, late]);
    }
  }

  /** The kinds of the responses about a job, in order; a run of progressions counts once. */
  kinds(jobId: number): ResponseKind[] {
    const kinds = this.responses
      .filter(({ body }) => "job_id" in body && body.job_id === jobId)
      .map(({ kind }) => kind);
    return kinds.filter((kind, i) => kind !== "job_progression" || kinds[i - 1] !== kind);
  }

  /** How many messages wait in a queue, and how many consumers it has. */
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
    // Of all that the virtual host carries, what concerns this queue's workers.
    const { queue_name } = body.worker ?? body.worker_description ?? body;
    if (queue_name !== undefined && queue_name !== this.queue) return;
    const { routingKey: kind, exchange } = fields;
    this.responses.push({ kind, exchange, properties, body } as WireResponse);
    this.#changed.dispatchEvent(new Event("response"));
  }

  #summary(): string {
    return `there were ${this.responses.map(({ kind, body }) => ("job_id" in body ? `${kind} ${body.job_id}` : kind)).join(", ") || "none"}`;
  }
}
