import type { BrokerSettings } from "../../env.ts";
import type { JobLog } from "../../log/job-log.ts";

/** The timeout of RabbitMQ, unless its settings say otherwise. */
const standardTimeoutMs = 30 * 60_000;
/** The part of the timeout after which a warning is logged. */
const warnedPart = 0.8;
/** The maximum delay of a timer in Node.js. */
const maxDelayMs = 0x7fff_ffff;

/** Options of {@link AcknowledgementClock}. */
export interface AcknowledgementClockOptions {
  readonly queueName: string;
  readonly settings: Pick<BrokerSettings, "consumerTimeoutMs">;
  readonly log: JobLog;
}

/** Warns when the job that was taken from the queue nears the acknowledgement timeout of the broker. */
export class AcknowledgementClock {
  readonly #options: AcknowledgementClockOptions;
  #timeoutMs: number | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AcknowledgementClockOptions) {
    this.#options = options;
  }

  /** Called for each connection, with whether the broker has such a timeout. */
  onBroker(hasTimeout: boolean): void {
    const { settings, log } = this.#options;
    this.#timeoutMs = hasTimeout ? (settings.consumerTimeoutMs ?? standardTimeoutMs) : undefined;
    if (hasTimeout && settings.consumerTimeoutMs === undefined)
      log.info(
        "The broker requeues a job that runs longer than its acknowledgement timeout (30 minutes unless its settings say otherwise); AMQP_CONSUMER_TIMEOUT sets the timeout of the queue.",
      );
  }

  /** Starts the time of a job. */
  start(): void {
    this.stop();
    const delayMs = Math.round((this.#timeoutMs ?? 0) * warnedPart);
    if (delayMs > 0 && delayMs <= maxDelayMs) this.#timer = setTimeout(() => this.#warn(delayMs), delayMs).unref();
  }

  /** Stops it: the job is about to be acknowledged, or its connection is lost. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #warn(sinceMs: number): void {
    const { queueName, settings, log } = this.#options;
    const source =
      settings.consumerTimeoutMs === undefined ? "the default of RabbitMQ, or its settings" : "AMQP_CONSUMER_TIMEOUT";
    log.warn(
      `The current job of ${queueName} was received ${toText(sinceMs)} ago. The broker takes it back after ${toText(this.#timeoutMs ?? 0)} (${source}). The job goes on all the same: if its order returns to this worker, it does not run again, and the result of this run settles it. Another worker would run it too; raise AMQP_CONSUMER_TIMEOUT for jobs of this duration.`,
    );
  }
}

function toText(durationMs: number): string {
  return durationMs < 120_000 ? `${durationMs / 1000} s` : `${Math.round(durationMs / 6000) / 10} min`;
}
