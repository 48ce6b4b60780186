import { setTimeout as delay } from "node:timers/promises";
import type { BrokerSettings } from "../../env.ts";
import type { JobLog } from "../../log/job-log.ts";
import type { Message, Transport, TransportListener } from "../transport.ts";
import { Consumer, type ConsumerOptions } from "./consumer.ts";
import type { Links } from "./links.ts";
import { Outbox, type OutgoingMessage } from "./outbox.ts";

/** How long the last messages, and after them the end of the direct queue, may take when the transport is closed. */
const flushMs = 1000;

/** What an {@link AmqpTransport} is made of. */
export interface AmqpTransportOptions extends Pick<ConsumerOptions, "queueName" | "directQueueName" | "binding"> {
  readonly settings: BrokerSettings;
  readonly log: JobLog;
  /** Its connections, which it closes with itself. */
  readonly links: Links;
  /** Says who the worker is; published on every connection when the discovery queue is there. */
  readonly announcements: readonly Message[];
  /** The broker cannot be reached any more. */
  readonly onFailure: (error: Error) => void;
}

/** RabbitMQ: a connection that consumes, and one that publishes. Each is made again when it is lost. */
export class AmqpTransport implements Transport {
  readonly #options: AmqpTransportOptions;
  /** What waits to be confirmed. */
  readonly outbox: Outbox;
  readonly #consumer: Consumer;
  readonly #properties: OutgoingMessage["properties"];
  #listener: TransportListener | undefined;
  #isOpen = false;

  constructor(options: AmqpTransportOptions) {
    const { log, links, announcements } = options;
    this.#options = options;
    this.#properties = { deliveryMode: options.settings.deliveryMode };
    this.outbox = new Outbox({
      log,
      reset: (why) => links.publishing.reset(why),
      onFull: (isFull) => {
        if (isFull) log.warn("Too much waits for the broker's confirm: no more jobs are taken until it has gone out.");
        this.#listener?.onOutboxFull?.(isFull);
      },
    });
    this.#consumer = new Consumer({
      ...options,
      announce: () => {
        for (const message of announcements) void this.publish(message);
      },
      publish: (message) => this.outbox.publish(message),
      reset: (why) => links.consuming.reset(why),
    });
  }

  async start(listener: TransportListener): Promise<void> {
    const { links, onFailure } = this.#options;
    this.#listener = listener;
    this.#consumer.listen(listener);
    const publishing = links.publishing.attach({
      setUp: (connection) => this.outbox.attach(connection),
      onUp: () => links.consuming.retryNow(),
      onDown: () => this.outbox.detach(),
      onFailure,
    });
    const consuming = links.consuming.attach({
      setUp: async (connection) => {
        await this.#consumer.attach(connection);
        if (this.#isOpen) listener.onReconnected?.();
      },
      onUp: () => links.publishing.retryNow(),
      onDown: () => {
        this.#consumer.detach();
        listener.onDisconnected?.();
      },
      onFailure,
    });
    await Promise.all([publishing, consuming]);
    this.#isOpen = true;
  }

  consume(jobs: boolean): Promise<void> {
    return this.#consumer.consume(jobs);
  }

  publish({ exchange, routingKey, body, replaces }: Message): Promise<void> {
    return this.outbox.publish({ exchange, routingKey, body, properties: this.#properties, replaces });
  }

  async stop(): Promise<void> {
    if (!(await this.outbox.flush(flushMs)))
      this.#options.log.error("The broker did not confirm the last messages; they are lost.");
    const deleted = this.#consumer.deleteDirectQueue().catch(() => undefined);
    await Promise.race([deleted, delay(flushMs, undefined, { ref: false })]);
    await this.#options.links.close();
    this.outbox.close();
  }
}
