import type { Channel, ChannelModel } from "amqplib";
import type { BrokerSettings } from "../../env.ts";
import { McaiError } from "../../errors.ts";
import type { JobLog } from "../../log/job-log.ts";
import { Version } from "../../version.ts";
import type { TransportListener } from "../transport.ts";
import { AcknowledgementClock } from "./acknowledgement-clock.ts";
import { replyCode } from "./broker-error.ts";
import { brokerVersion } from "./connection.ts";
import { toDelivery } from "./incoming.ts";
import type { OutgoingMessage } from "./pending-messages.ts";
import { type Declaration, declare, type TopologyOptions, topology } from "./topology.ts";

// The consumer tags of the reference.
const jobTag = "amqp_worker";
const directTag = "status_amqp_worker";
/** The largest prefetch count. A quorum queue delivers no more than 2,000 messages to a consumer without one. */
const maxPrefetch = 65_535;
/** RESOURCE_LOCKED. */
const lockedCode = 405;

/** The worker's own queue. */
export interface DirectQueue {
  readonly name: string;
  /** The arguments of its binding. */
  readonly binding: TopologyOptions["binding"];
  /** Takes another name, because another process consumes the queue. Returns false if the name must stay. */
  rename(): boolean;
}

/** Options of {@link Consumer}. */
export interface ConsumerOptions {
  /** The job queue. */
  readonly queueName: string;
  readonly direct: DirectQueue;
  readonly settings: BrokerSettings;
  readonly log: JobLog;
  /** Announces the worker. Called on every connection; its messages are not awaited. */
  readonly announce: () => void;
  /** Publishes a message; resolves when the broker has confirmed it. */
  readonly publish: (message: OutgoingMessage) => Promise<void>;
  /** Destroys the connection. */
  readonly reset: (why: string) => void;
}

/** The channels of one connection. */
interface ConsumerChannels {
  readonly jobs: Channel;
  readonly direct: Channel;
  isOpen: boolean;
  isConsuming: boolean;
}

/** Declares the exchanges and queues of a worker, and consumes the job queue and the direct queue, each on its own channel. */
export class Consumer {
  readonly #options: ConsumerOptions;
  #listener: TransportListener | undefined;
  #channels: ConsumerChannels | undefined;
  #isWanted = false;
  #exclusiveDirectQueue = false;
  #isDeletingDirectQueue = false;
  #lockedSinceMs: number | undefined;
  #isNameFinal = false;
  readonly #acknowledgement: AcknowledgementClock;
  #updates: Promise<void> = Promise.resolve();

  constructor(options: ConsumerOptions) {
    this.#options = options;
    this.#acknowledgement = new AcknowledgementClock(options);
  }

  /** Sets up a new connection, and delivers its messages to the listener. */
  async attach(connection: ChannelModel, listener: TransportListener): Promise<void> {
    this.#listener = listener;
    const { reset } = this.#options;
    const [jobs, direct] = [await connection.createChannel(), await connection.createChannel()];
    const channels = { jobs, direct, isOpen: true, isConsuming: false };
    // Until the channels are set up, the call that fails reports the error.
    const lose = (why: string) => this.#channels === channels && reset(why);
    for (const channel of [jobs, direct]) {
      channel.on("error", (error) => lose(error.message));
      channel.on("close", () => lose("a consumer channel was closed"));
    }
    connection.on("error", (error) => {
      // RabbitMQ 4.3 and later close the connection when a queue is neither durable nor exclusive.
      if (replyCode(error) === 541) this.#exclusiveDirectQueue = true;
    });
    // The direct queue has no limit, so that no number of orders that wait for a job holds back a stop order.
    await jobs.prefetch(1);
    if (this.#options.settings.cluster) await direct.prefetch(maxPrefetch);
    const version = brokerVersion(connection);
    this.#checkTimeout(version);
    await this.#declareAll(jobs, version);
    // From here on a consumer of the queue may be one of a connection that this worker has lost.
    this.#isNameFinal = true;
    await direct.consume(this.#options.direct.name, (message) => this.#take(message, channels, true), {
      consumerTag: directTag,
    });
    this.#channels = channels;
    await this.#update();
  }

  /** Forgets the connection, which is lost. */
  detach(): void {
    if (this.#channels) this.#channels.isOpen = false;
    this.#channels = undefined;
    this.#acknowledgement.stop();
  }

  /** Starts or stops the consumption of the job queue, on this connection and on later ones. */
  consume(jobs: boolean): Promise<void> {
    this.#isWanted = jobs;
    return this.#update();
  }

  /** Receives no more messages: cancels the consumer of the job queue, and deletes the direct queue. */
  async stop(): Promise<void> {
    this.#isDeletingDirectQueue = true;
    await this.consume(false);
    await this.#channels?.direct.deleteQueue(this.#options.direct.name);
  }

  /** Resolves when the broker has handled the settlements that were sent: it answers the requests of a channel in order. */
  async confirmSettlements(): Promise<void> {
    await this.#channels?.jobs.prefetch(1);
  }

  async #declareAll(jobs: Channel, version: string): Promise<void> {
    const { announce, direct } = this.#options;
    let [before, after] = topology(this.#topologyOptions(version));
    // What is bound to the queue must not come before it is known whose queue it is.
    const end = 1 + before.findIndex((one) => one.kind === "queue" && one.name === direct.name);
    let consumers = await this.#declareUnlessLocked(jobs, before.slice(0, end));
    while (consumers > 0 && !this.#isNameFinal && direct.rename()) {
      [before, after] = topology(this.#topologyOptions(version));
      consumers = await this.#declareUnlessLocked(jobs, before.slice(end - 1, end));
    }
    await declare(jobs, before.slice(end));
    announce();
    await declare(jobs, after);
  }

  // An exclusive queue may still belong to the lost connection, if the broker has not noticed the loss yet.
  async #declareUnlessLocked(jobs: Channel, declarations: readonly Declaration[]): Promise<number> {
    try {
      const consumers = await declare(jobs, declarations);
      this.#lockedSinceMs = undefined;
      return consumers;
    } catch (error) {
      if (replyCode(error) !== lockedCode) throw error;
      this.#lockedSinceMs ??= performance.now();
      const waitedMs = performance.now() - this.#lockedSinceMs;
      const isLost = waitedMs <= 3000 * this.#options.settings.heartbeatSeconds;
      if (!isLost && (this.#isNameFinal || !this.#options.direct.rename())) throw error;
      if (!isLost) this.#lockedSinceMs = undefined;
      const text = isLost
        ? "the direct queue still belongs to a connection that was lost"
        : "the direct queue belongs to another process";
      throw new McaiError("BROKER_UNREACHABLE", text, { cause: error });
    }
  }

  #update(): Promise<void> {
    this.#updates = this.#updates.then(() => this.#apply());
    return this.#updates;
  }

  async #apply(): Promise<void> {
    const channels = this.#channels;
    const isWanted = this.#isWanted;
    if (!channels || channels.isConsuming === isWanted) return;
    const { queueName, log } = this.#options;
    try {
      if (isWanted)
        await channels.jobs.consume(queueName, (message) => this.#take(message, channels, false), {
          consumerTag: jobTag,
        });
      else await channels.jobs.cancel(jobTag);
      channels.isConsuming = isWanted;
    } catch (error) {
      // The channel is closed. The next connection applies the latest value.
      log.debug(`Cannot ${isWanted ? "start" : "cancel"} the consumer of ${queueName}: ${(error as Error).message}`);
    }
  }

  #take(message: Parameters<typeof toDelivery>[0] | null, channels: ConsumerChannels, direct: boolean): void {
    const { settings, publish, reset, queueName, direct: own } = this.#options;
    if (message === null) {
      // The broker also cancels the consumer when the worker deletes its direct queue.
      if (!this.#isDeletingDirectQueue) reset(`the broker cancelled the consumer of ${direct ? own.name : queueName}`);
      return;
    }
    const delivery = toDelivery(message, direct ? channels.direct : channels.jobs, {
      queueName: direct ? own.name : queueName,
      direct,
      cluster: settings.cluster,
      // The broker takes the user from a client certificate.
      username: settings.tlsClient ? undefined : settings.username,
      onSettling: () => !direct && this.#acknowledgement.stop(),
      isOpen: () => channels.isOpen,
      publish,
    });
    if (!direct) this.#acknowledgement.start();
    this.#listener?.onDelivery(delivery);
  }

  #checkTimeout(version: string): void {
    const { settings, log } = this.#options;
    const hasTimeout = this.#hasTimeout(version);
    log.info(`The broker is RabbitMQ ${version}.`);
    if (settings.consumerTimeoutMs !== undefined && !hasTimeout)
      log.warn(`AMQP_CONSUMER_TIMEOUT is ignored: RabbitMQ ${version} does not support it on classic queues.`);
    this.#acknowledgement.onBroker(hasTimeout);
  }

  #hasTimeout(version: string): boolean {
    return this.#options.settings.cluster || (Version.parse(version)?.compare(4, 3, 0) ?? -1) < 0;
  }

  #topologyOptions(version: string): TopologyOptions {
    const { settings, queueName, direct } = this.#options;
    return {
      queueName,
      directQueueName: direct.name,
      binding: direct.binding,
      cluster: settings.cluster,
      consumerTimeoutMs: this.#hasTimeout(version) ? settings.consumerTimeoutMs : undefined,
      exclusiveDirectQueue: this.#exclusiveDirectQueue,
    };
  }
}
