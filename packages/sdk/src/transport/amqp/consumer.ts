import type { Channel, ChannelModel } from "amqplib";
import type { BrokerSettings } from "../../env.ts";
import { McaiError } from "../../errors.ts";
import type { JobLog } from "../../log/job-log.ts";
import { Version } from "../../version.ts";
import type { TransportListener } from "../transport.ts";
import { replyCode } from "./broker-error.ts";
import { brokerVersion } from "./connection.ts";
import { toDelivery } from "./incoming.ts";
import type { OutgoingMessage } from "./outbox.ts";
import { type Declaration, declare, type TopologyOptions, topology } from "./topology.ts";

/** How many direct orders may be under way: one that waits must not hold back a stop. */
const directPrefetch = 32;
// The reference's names.
const jobTag = "amqp_worker";
const directTag = "status_amqp_worker";
/** RESOURCE_LOCKED. */
const lockedCode = 405;

/** What a {@link Consumer} is made of. */
export interface ConsumerOptions extends Pick<TopologyOptions, "queueName" | "directQueueName" | "binding"> {
  readonly settings: BrokerSettings;
  readonly log: JobLog;
  /** Says who the worker is; it is not waited for. */
  readonly announce: () => void;
  readonly publish: (message: OutgoingMessage) => Promise<void>;
  /** Gives the connection up. */
  readonly reset: (why: string) => void;
}

interface ConsumerChannels {
  readonly jobs: Channel;
  readonly direct: Channel;
  open: boolean;
  consuming: boolean;
}

/** Declares what a worker needs, and consumes the job queue and the direct one, on a channel each. */
export class Consumer {
  readonly #options: ConsumerOptions;
  #listener: TransportListener | undefined;
  #channels: ConsumerChannels | undefined;
  #wanted = false;
  #exclusiveDirectQueue = false;
  #closing = false;
  #lockedSinceMs: number | undefined;
  #consuming: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions) {
    this.#options = options;
  }

  /** Says who gets deliveries. */
  listen(listener: TransportListener): void {
    this.#listener = listener;
  }

  /** Takes a new connection. */
  async attach(connection: ChannelModel): Promise<void> {
    const { announce, reset, directQueueName } = this.#options;
    const [jobs, direct] = [await connection.createChannel(), await connection.createChannel()];
    const channels = { jobs, direct, open: true, consuming: false };
    // Until the channels are set up, the call that fails reports the error.
    const lose = (why: string) => this.#channels === channels && reset(why);
    for (const channel of [jobs, direct]) {
      channel.on("error", (error) => lose(error.message));
      channel.on("close", () => lose("a consuming channel was closed"));
    }
    connection.on("error", (error) => {
      // RabbitMQ from 4.3 on ends the connection for a queue that is neither durable nor exclusive.
      if (replyCode(error) === 541) this.#exclusiveDirectQueue = true;
    });
    await Promise.all([jobs.prefetch(1), direct.prefetch(directPrefetch)]);
    const [before, after] = topology(this.#topologyOptions(brokerVersion(connection)));
    await this.#declare(jobs, before);
    announce();
    await declare(jobs, after);
    await direct.consume(directQueueName, (message) => this.#take(message, channels, true), { consumerTag: directTag });
    this.#channels = channels;
    await this.#update();
  }

  /** The connection is lost. */
  detach(): void {
    if (this.#channels) this.#channels.open = false;
    this.#channels = undefined;
  }

  /** Starts or stops the consumer of the job queue, now and on every connection to come. */
  consume(jobs: boolean): Promise<void> {
    this.#wanted = jobs;
    return this.#update();
  }

  /** Deletes the direct queue, which nobody will read any more. */
  async deleteDirectQueue(): Promise<void> {
    this.#closing = true;
    await this.#channels?.direct.deleteQueue(this.#options.directQueueName);
  }

  // An exclusive queue may still belong to a connection that died without the broker's knowing yet.
  async #declare(jobs: Channel, declarations: readonly Declaration[]): Promise<void> {
    try {
      await declare(jobs, declarations);
      this.#lockedSinceMs = undefined;
    } catch (error) {
      if (replyCode(error) !== lockedCode) throw error;
      this.#lockedSinceMs ??= performance.now();
      const waitedMs = performance.now() - this.#lockedSinceMs;
      if (waitedMs > 3000 * this.#options.settings.heartbeatSeconds) throw error;
      throw new McaiError("BROKER_UNREACHABLE", "the direct queue still belongs to a connection that was lost", {
        cause: error,
      });
    }
  }

  #update(): Promise<void> {
    this.#consuming = this.#consuming.then(() => this.#apply());
    return this.#consuming;
  }

  async #apply(): Promise<void> {
    const channels = this.#channels;
    const wanted = this.#wanted;
    if (!channels || channels.consuming === wanted) return;
    const { queueName, log } = this.#options;
    try {
      if (wanted)
        await channels.jobs.consume(queueName, (message) => this.#take(message, channels, false), {
          consumerTag: jobTag,
        });
      else await channels.jobs.cancel(jobTag);
      channels.consuming = !channels.consuming;
    } catch (error) {
      // The channel is gone, and the next connection starts with what is wanted.
      log.debug(`The job queue: ${(error as Error).message}`);
    }
  }

  #take(message: Parameters<typeof toDelivery>[0] | null, channels: ConsumerChannels, direct: boolean): void {
    const { settings, publish, reset, queueName, directQueueName } = this.#options;
    if (message === null) {
      // The deletion of the direct queue at the end does that too.
      if (!this.#closing) reset(`the broker ended the consumer of ${direct ? directQueueName : queueName}`);
      return;
    }
    const delivery = toDelivery(message, direct ? channels.direct : channels.jobs, {
      queueName: direct ? directQueueName : queueName,
      direct,
      cluster: settings.cluster,
      username: settings.username,
      isOpen: () => channels.open,
      publish,
    });
    this.#listener?.onDelivery(delivery);
  }

  #topologyOptions(version: string): TopologyOptions {
    const { settings, log, queueName, directQueueName, binding } = this.#options;
    const { cluster, consumerTimeoutMs } = settings;
    const takesTimeout = cluster || (Version.parse(version)?.compare(4, 3, 0) ?? -1) < 0;
    log.info(`The broker is RabbitMQ ${version}.`);
    if (consumerTimeoutMs !== undefined && !takesTimeout)
      log.warn(`AMQP_CONSUMER_TIMEOUT is left out: RabbitMQ ${version} knows none on classic queues.`);
    if (consumerTimeoutMs === undefined && takesTimeout)
      log.warn(
        "The broker takes a job away that runs longer than its acknowledgement timeout (30 minutes unless its settings say otherwise); AMQP_CONSUMER_TIMEOUT sets it for the queue.",
      );
    return {
      queueName,
      directQueueName,
      binding,
      cluster,
      consumerTimeoutMs: takesTimeout ? consumerTimeoutMs : undefined,
      exclusiveDirectQueue: this.#exclusiveDirectQueue,
    };
  }
}
