import { setTimeout as delay } from "node:timers/promises";
import type { BrokerSettings } from "../../env.ts";
import type { Log } from "../../log/log.ts";
import type { Message, Transport, TransportListener } from "../transport.ts";
import { Consumer, type ConsumerOptions } from "./consumer.ts";
import type { Links } from "./links.ts";
import { Outbox } from "./outbox.ts";
import type { OutgoingMessage } from "./pending-messages.ts";

/** The timeout of each step when the transport is stopped: no more messages, the last responses, the last settlements. */
const stopTimeoutMs = 1000;

/** Options of {@link AmqpTransport}. */
export interface AmqpTransportOptions extends Pick<ConsumerOptions, "queueName" | "direct"> {
  readonly settings: BrokerSettings;
  readonly log: Log;
  /** The maximum size of a response; that of the broker's version if undefined. */
  readonly maxResponseBytes: number | undefined;
  /** The connections of the transport. It closes them when it is stopped. */
  readonly links: Links;
  /** The messages that announce the worker. They are published on every connection, when the discovery queue is declared. */
  readonly announcements: () => readonly Message[];
  /** Called when a connection was lost and all attempts to replace it have failed. */
  readonly onFailure: (error: Error) => void;
}

/** The transport of RabbitMQ. It has a connection that consumes and one that publishes, and replaces each when it is lost. */
export class AmqpTransport implements Transport {
  readonly #options: AmqpTransportOptions;
  /** The messages that the broker has not confirmed yet. */
  readonly outbox: Outbox;
  readonly #consumer: Consumer;
  readonly #properties: OutgoingMessage["properties"];
  #listener: TransportListener | undefined;
  #isStarted = false;

  constructor(options: AmqpTransportOptions) {
    const { log, links, announcements, maxResponseBytes } = options;
    this.#options = options;
    this.#properties = { deliveryMode: options.settings.deliveryMode };
    this.outbox = new Outbox({
      log,
      maxResponseBytes,
      reset: (why) => links.publishing.reset(why),
      onHeld: (isHeld) => this.#listener?.onOutboxHeld?.(isHeld),
    });
    this.#consumer = new Consumer({
      ...options,
      announce: () => {
        for (const message of announcements())
          void this.publish({ ...message, replaces: `${message.routingKey} for ${message.exchange}` });
      },
      publish: (message) => this.outbox.publish(message),
      reset: (why) => links.consuming.reset(why),
    });
  }

  async start(listener: TransportListener): Promise<void> {
    const { links, onFailure } = this.#options;
    this.#listener = listener;
    const publishing = links.publishing.attach({
      setUp: (connection) => this.outbox.attach(connection),
      onConnected: () => links.consuming.retryNow(),
      onDisconnected: () => this.outbox.detach(),
      onFailure,
    });
    const consuming = links.consuming.attach({
      setUp: async (connection) => {
        await this.#consumer.attach(connection, listener);
        if (this.#isStarted) listener.onReconnected?.();
      },
      onConnected: () => links.publishing.retryNow(),
      onDisconnected: () => {
        this.#consumer.detach();
        listener.onDisconnected?.();
      },
      onFailure,
    });
    await Promise.all([publishing, consuming]);
    this.#isStarted = true;
  }

  consume(jobs: boolean): Promise<void> {
    return this.#consumer.consume(jobs);
  }

  publish({ exchange, routingKey, body, jobId, isLast, replaces, substitute }: Message): Promise<void> {
    // Not with a spread, which takes longer for each response.
    const properties = this.#properties;
    return this.outbox.publish({ exchange, routingKey, body, jobId, isLast, replaces, substitute, properties });
  }

  async stop(): Promise<void> {
    // A job that still arrives is requeued. If its copy or its settlement were lost, it would be in the queue twice.
    const answers = await isDone(this.#consumer.stop());
    if (!(await this.outbox.flush(stopTimeoutMs))) this.outbox.logUnconfirmed();
    if (answers) await isDone(this.#consumer.confirmSettlements());
    await this.#options.links.close();
    this.outbox.close();
  }
}

/** Whether the broker does what it was asked for within the timeout. */
function isDone(asked: Promise<void>): Promise<boolean> {
  const done = asked.then(
    () => true,
    () => false,
  );
  return Promise.race([done, delay(stopTimeoutMs, false, { ref: false })]);
}
