/**
 * What happens to a delivered message:
 *
 * - `acknowledge`: it is done and leaves its queue.
 * - `reject`: it is rejected without requeueing, and goes to the dead-letter exchange of its queue, if there is one.
 * - `requeue`: it returns to its queue with all its properties. No death is counted.
 * - `count_death`: as `requeue`, but a death is counted.
 * - `delay`: it comes back later, and a soft rejection is counted, which is an attempt too.
 */
export type Settlement = "acknowledge" | "reject" | "requeue" | "count_death" | "delay";

/** A received message. It must be settled exactly once. */
export interface Delivery extends Receipt {
  readonly body: Uint8Array;
}

/** A received message without its body: what is kept until it is settled. All of it are properties of the delivery's own. */
export interface Receipt {
  /** Where the message comes from, for log messages: the path of a file or the name of a queue. */
  readonly origin: string;
  /** Whether the message was sent to this worker alone, and not to a queue that several workers share. */
  readonly direct: boolean;
  /** Whether it can be settled with `requeue`. Otherwise, an order that cannot be executed now is answered or rejected. */
  readonly canRequeue: boolean;
  /** Whether it was delivered before without being settled. */
  readonly redelivered: boolean;
  /** Whether it can be settled with `count_death`. Otherwise, the queue counts deaths itself, or they are not counted. */
  readonly canCountDeath: boolean;
  /** How often it was dead-lettered, or, where the queue counts that, delivered to a worker that was lost. */
  readonly deaths: number;
  /** How often it was delayed. */
  readonly softRejects: number;
  /** Which attempt at its job this is: 1 at first, one more for each death and each delay. */
  readonly attempt: number;
  /** Whether it can be settled with `delay`. Otherwise, a missing requirement is an error at once. */
  readonly canDelay: boolean;
  /**
   * Settles the message. Resolves with true if the settlement was sent, and with false if the connection was lost, so that
   * the message is delivered again.
   */
  settle(how: Settlement): Promise<boolean>;
}

/** A message to publish. */
export interface Message {
  readonly exchange: "job_response" | "worker_response";
  readonly routingKey: string;
  readonly body: Uint8Array;
  /** The job that the message is about. While the broker refuses one of a job, the later ones of the job wait. */
  readonly jobId?: number | undefined;
  /** Whether it is the last message about this job. */
  readonly isLast?: boolean | undefined;
  /** While the message waits, a later message with the same key replaces it. */
  readonly replaces?: string | undefined;
  /**
   * Returns what is sent instead if the message has more than this many bytes; undefined if nothing is.
   * @default the message is then not sent
   */
  readonly substitute?: ((maxBytes: number) => Message | undefined) | undefined;
}

/** Receives the events of a {@link Transport}. */
export interface TransportListener {
  /** Called for each received message. */
  onDelivery(delivery: Delivery): void;
  /** Called when the connection is lost. Messages that are not settled will be delivered again. */
  onDisconnected?(): void;
  /** Called when a lost connection is established again. */
  onReconnected?(): void;
  /**
   * Called with true when no job should be taken, because too many messages are unconfirmed or one about a job was
   * refused; with false when that is over.
   */
  onOutboxHeld?(isHeld: boolean): void;
}

/**
 * Carries messages in both directions, without knowing what they contain. Every implementation passes `transportContract`
 * of `@mcai/worker-sdk/testing`.
 */
export interface Transport {
  /** Connects, and from then on delivers direct messages to the listener. */
  start(listener: TransportListener): Promise<void>;
  /**
   * Starts or stops the consumption of the job queue, whose messages are delivered one at a time. Direct messages are
   * delivered in either case. A requeued message is delivered again after the next start.
   */
  consume(jobs: boolean): Promise<void>;
  /**
   * Publishes a message, or its substitute if it is too large; resolves when it is stored safely. Messages arrive in the
   * order of the calls.
   */
  publish(message: Message): Promise<void>;
  /** Disconnects. Messages that are not settled return to their queues. */
  stop(): Promise<void>;
}
