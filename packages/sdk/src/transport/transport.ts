/**
 * What becomes of a delivery: `acknowledge`; `reject` (rejected without requeue, to the dead letters where there are
 * any); `requeue` (to its own queue again, with all its properties: costs the job no death); `count_death` (the same, and
 * it does cost one); `delay` (to come back later, counted as a soft rejection).
 */
export type Settlement = "acknowledge" | "reject" | "requeue" | "count_death" | "delay";

/** One message that came in. It must be settled once. */
export interface Delivery {
  readonly body: Uint8Array;
  /** Where it came from, for messages: the file's path or the queue's name. */
  readonly origin: string;
  /** Whether it came to this worker alone, rather than to the queue that it shares with others. */
  readonly direct: boolean;
  /** Whether `requeue` is possible: without it an order that cannot be taken now is refused. */
  readonly canRequeue: boolean;
  /** Whether it was delivered before, and not settled then. */
  readonly redelivered: boolean;
  /** Whether `count_death` is possible: without it the queue counts by itself, or nobody does. */
  readonly canCountDeath: boolean;
  /** How often it was dead-lettered, or lost with its worker where the queue counts that. */
  readonly deaths: number;
  /** How often its requirements were missing. */
  readonly softRejects: number;
  /** Whether `delay` is possible: without it a missing requirement is an error at once. */
  readonly canDelay: boolean;
  /** Resolves with whether it was said; false if the way back is lost, so that the message comes again. */
  settle(how: Settlement): Promise<boolean>;
}

/** One message that goes out. */
export interface Message {
  readonly exchange: "job_response" | "worker_response";
  readonly routingKey: string;
  readonly body: Uint8Array;
  /** While it cannot be sent, a later message of the same key takes its place. */
  readonly replaces?: string;
}

/** Who gets what a transport brings. */
export interface TransportListener {
  /** A message came in. */
  onDelivery(delivery: Delivery): void;
  /** The connection was lost: what is not settled comes again. */
  onDisconnected?(): void;
  /** There is a connection again. */
  onReconnected?(): void;
  /** The transport has so many unconfirmed messages that no job should be taken, or it no longer has. */
  onOutboxFull?(isFull: boolean): void;
}

/** Carries bytes in both directions and knows no order. Every implementation passes `transportContract`. */
export interface Transport {
  /** Connects; from now on direct deliveries are handed over. */
  start(listener: TransportListener): Promise<void>;
  /**
   * Starts or stops the deliveries of the job queue, which come one at a time; direct ones go on. What was given back
   * waits for the next start.
   */
  consume(jobs: boolean): Promise<void>;
  /** Sends a message; resolves once it is safe. Messages arrive in the order of the calls. */
  publish(message: Message): Promise<void>;
  /** Ends; what was not settled goes back to where it came from. */
  stop(): Promise<void>;
}
