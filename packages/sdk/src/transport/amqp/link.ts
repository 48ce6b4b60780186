import { setTimeout as delay } from "node:timers/promises";
import type { ChannelModel } from "amqplib";
import type { BrokerSettings } from "../../env.ts";
import { McaiError, messageOf } from "../../errors.ts";
import type { JobLog } from "../../log/job-log.ts";
import { isRefusal, toBrokerError } from "./broker-error.ts";
import { closeConnection, openConnection } from "./connection.ts";

/** The longest pause between two attempts. */
const maxPauseMs = 5000;
/** How long the set-up of a connection may take; a broker in a memory alarm answers nothing. */
const setUpTimeoutMs = 30_000;
/** A connection that held as long as this was a good one: the next pause is short again. */
const stableMs = 10_000;

/** What a {@link Link} is made of. */
export interface LinkOptions {
  /** The connection's name, as the broker's operators see it. */
  readonly name: string;
  readonly settings: BrokerSettings;
  readonly log: JobLog;
}

/** What a connection is for. */
export interface LinkUse {
  /** Makes what is wanted of a new connection; it is up when this resolves. */
  readonly setUp: (connection: ChannelModel) => Promise<void>;
  /** The connection is up. */
  readonly onUp: () => void;
  /** A connection is lost. */
  readonly onDown: () => void;
  /** A connection that was up cannot be had any more. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Keeps one connection to the broker: makes it, notices its loss, and makes it again, on the next host. It is made ahead,
 * once: nothing is done with it until {@link Link.attach} says what it is for, and what goes wrong until then does not count.
 */
export class Link {
  readonly #options: LinkOptions;
  // Undefined if it was closed first.
  readonly #use: Promise<LinkUse | undefined>;
  readonly #closing = new AbortController();
  #connection: ChannelModel | undefined;
  /** Destroys the socket of the connection, also while it is being opened. */
  #socket = new AbortController();
  #pausing = new AbortController();
  #lose: ((why: string) => void) | undefined;
  /** Whether the connection is up. */
  isUp = false;
  /** How often it was made. */
  connections = 0;
  #attempt = 0;
  #host = 0;
  #isOpen = false;
  readonly #running: Promise<void>;
  #begin: (use: LinkUse | undefined) => void = () => undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#use = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.#running = this.#run();
    // Whoever opens it hears of it.
    this.#running.catch(() => undefined);
  }

  /**
   * Says what the connection is for; resolves once it is up.
   *
   * @throws {McaiError} A refusal, at once; else what failed, after as many attempts as allowed.
   */
  attach(use: LinkUse): Promise<void> {
    this.#isOpen = true;
    return new Promise((resolve, reject) => {
      this.#begin({
        ...use,
        onUp: () => {
          resolve();
          use.onUp();
        },
      });
      this.#running.catch((error: Error) => {
        if (this.connections > 0) use.onFailure(error);
        else reject(error);
      });
    });
  }

  /** Gives the connection up, and makes another one. */
  reset(why: string): void {
    this.#lose?.(why);
  }

  /** Ends the pause before the next attempt, since the broker is there again. */
  retryNow(): void {
    this.#pausing.abort();
  }

  /** Ends the connection for good. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#closing.abort();
    this.#begin(undefined);
    if (connection) await closeConnection(connection);
    this.#socket.abort();
    await this.#running.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const error = await this.#hold();
      if (signal.aborted) return;
      if (!this.#isOpen) {
        await this.#use;
        continue;
      }
      if (this.connections === 0 && isRefusal(error)) throw error;
      await this.#pause(error);
    }
  }

  // One connection, from its opening to its loss, which it resolves with.
  async #hold(): Promise<McaiError> {
    const { name, settings, log } = this.#options;
    const host = settings.hosts[this.#host % settings.hosts.length];
    if (!host) return new McaiError("ENVIRONMENT_INVALID", "AMQP_HOSTNAME: no host");
    let use: LinkUse | undefined;
    let upSinceMs: number | undefined;
    const socket = new AbortController();
    this.#socket = socket;
    try {
      const connection = await openConnection(settings, host, name, socket.signal);
      const lost = this.#watch(connection);
      use = await Promise.race([this.#use, lost.then(fail)]);
      if (!use) fail("closed");
      await Promise.race([
        use.setUp(connection),
        lost.then(fail),
        delay(setUpTimeoutMs, tooLong, { ref: false }).then(fail),
      ]);
      log.info(`Connected to the broker ${host.hostname}:${host.port} (${name}).`);
      upSinceMs = performance.now();
      this.isUp = true;
      this.connections++;
      use.onUp();
      const why = await lost;
      if (performance.now() - upSinceMs > stableMs) this.#attempt = 0;
      return new McaiError("BROKER_UNREACHABLE", `the connection to ${host.hostname}:${host.port} was lost: ${why}`);
    } catch (error) {
      return toBrokerError(error, `broker ${host.hostname}:${host.port}`);
    } finally {
      this.#lose = undefined;
      this.isUp = false;
      this.#connection = undefined;
      // While it is closing, close() waits for the broker's confirmation first.
      if (!this.#closing.signal.aborted) socket.abort();
      if (upSinceMs === undefined) this.#host++;
      use?.onDown();
    }
  }

  #watch(connection: ChannelModel): Promise<string> {
    this.#connection = connection;
    return new Promise((resolve) => {
      this.#lose = resolve;
      // The error comes first and has the reason.
      connection.on("error", (error) => resolve(error.message));
      connection.on("close", (error) => resolve(error?.message ?? "closed"));
    });
  }

  async #pause(error: McaiError): Promise<void> {
    const { name, settings, log } = this.#options;
    if (settings.maxRetries !== undefined && this.#attempt >= settings.maxRetries)
      throw new McaiError(error.code, `${error.message} (attempt ${this.#attempt + 1}, AMQP_CONNECTION_MAX_RETRY)`, {
        cause: error,
      });
    const longest = Math.min(maxPauseMs, 250 * 2 ** this.#attempt++);
    const pauseMs = Math.round(longest * (0.5 + Math.random() / 2));
    log.warn(`${messageOf(error)}; next attempt in ${pauseMs} ms (${name})`);
    this.#pausing = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#pausing.signal]);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

const tooLong = `the broker did not set the connection up within ${setUpTimeoutMs / 1000} s`;

function fail(why: string): never {
  throw new Error(why);
}
