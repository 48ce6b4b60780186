import { setTimeout as delay } from "node:timers/promises";
import type { BrokerSettings } from "../../env.ts";
import type { JobLog } from "../../job/job.ts";
import type { Message, Transport, TransportListener } from "../transport.ts";
import { Consumer, type ConsumerOptions } from "./consumer.ts";
import { Link } from "./link.ts";
import { Outbox } from "./outbox.ts";

/** How long the last messages, and after them the end of the direct queue, may take when the transport is closed. */
const flushMs = 1000;

/** What an {@link AmqpTransport} is made of. */
export interface AmqpTransportOptions extends Pick<ConsumerOptions, "queueName" | "directQueueName" | "binding"> {
  readonly settings: BrokerSettings;
  readonly log: JobLog;
  /** Says who the worker is; published on every connection when the discovery queue is there. */
  readonly announcements: readonly Message[];
  /** The broker cannot be reached any more. */
  readonly onFailure: (error: Error) => void;
}

/**
 * RabbitMQ: one connection consumes, the other publishes, because a broker that is short of memory blocks whoever
 * publishes. Each is made again when it is lost.
 */
export class AmqpTransport implements Transport {
  readonly #options: AmqpTransportOptions;
  /** What waits to be confirmed. */
  readonly outbox: Outbox;
  readonly #consumer: Consumer;
  /** The connection that publishes. */
  readonly publishing: Link;
  /** The connection that consumes. */
  readonly consuming: Link;
  #listener: TransportListener | undefined;
  #isOpen = false;

  constructor(options: AmqpTransportOptions) {
    const { settings, log, announcements, onFailure, queueName } = options;
    this.#options = options;
    this.outbox = new Outbox({
      log,
      reset: (why) => this.publishing.reset(why),
      onFull: (isFull) => {
        if (isFull) log.warn("Too much waits for the broker's confirm: no more jobs are taken until it has gone out.");
        this.#consumer.hold(isFull);
      },
    });
    this.#consumer = new Consumer({
      ...options,
      announce: () => {
        for (const message of announcements) void this.publish(message);
      },
      publish: (message) => this.outbox.publish(message),
      reset: (why) => this.consuming.reset(why),
    });
    this.publishing = new Link({
      name: `${queueName} (publishes)`,
      settings,
      log,
      setUp: (connection) => this.outbox.use(connection),
      onUp: () => this.consuming.hurry(),
      onDown: () => this.outbox.suspend(),
      onFailure,
    });
    this.consuming = new Link({
      name: `${queueName} (consumes)`,
      settings,
      log,
      setUp: async (connection) => {
        await this.#consumer.use(connection);
        if (this.#isOpen) this.#listener?.resumed?.();
      },
      onUp: () => this.publishing.hurry(),
      onDown: () => {
        this.#consumer.suspend();
        this.#listener?.interrupted?.();
      },
      onFailure,
    });
  }

  async open(listener: TransportListener): Promise<void> {
    this.#listener = listener;
    this.#consumer.listen(listener);
    await Promise.all([this.publishing.open(), this.consuming.open()]);
    this.#isOpen = true;
  }

  consume(jobs: boolean): Promise<void> {
    return this.#consumer.consume(jobs);
  }

  publish({ exchange, routingKey, body, replaces }: Message): Promise<void> {
    const { deliveryMode } = this.#options.settings;
    return this.outbox.publish({ exchange, routingKey, body, properties: { deliveryMode }, replaces });
  }

  async close(): Promise<void> {
    if (!(await this.outbox.flush(flushMs)))
      this.#options.log.error("The broker did not confirm the last messages; they are lost.");
    const deleted = this.#consumer.deleteDirectQueue().catch(() => undefined);
    await Promise.race([deleted, delay(flushMs, undefined, { ref: false })]);
    await Promise.all([this.consuming.close(), this.publishing.close()]);
    this.outbox.close();
  }
}
