import { setTimeout as delay } from "node:timers/promises";
import type { ChannelModel } from "amqplib";
import type { BrokerSettings } from "../../env.ts";
import { McaiError, messageOf } from "../../errors.ts";
import type { JobLog } from "../../log/job-log.ts";
import { toBrokerError } from "./broker-error.ts";
import { closeConnection, openConnection } from "./connection.ts";
import { HostTurns } from "./host-turns.ts";

/** The longest pause between two attempts. */
const maxPauseMs = 5000;
/** The timeout for the setup of a connection. A broker with a memory alarm does not answer at all. */
const setUpTimeoutMs = 30_000;
/** After a connection that lasted at least this long, the pauses start again with the shortest. */
const stableMs = 10_000;

/** Options of {@link Link}. */
export interface LinkOptions {
  /** The name of the connection in the broker's management interface. */
  readonly name: string;
  readonly settings: BrokerSettings;
  readonly log: JobLog;
}

/** Uses the connection of a {@link Link}. */
export interface LinkUser {
  /** Sets up a new connection. The link is connected when this resolves. */
  readonly setUp: (connection: ChannelModel) => Promise<void>;
  /** Called when a connection is set up. */
  readonly onConnected: () => void;
  /** Called when a connection is lost, or could not be set up. */
  readonly onDisconnected: () => void;
  /** Called when a connection was lost and all attempts to replace it have failed. */
  readonly onFailure: (error: Error) => void;
}

/** How a connection ended: it was up and lost, or it could not be opened and set up. */
interface ConnectionEnd {
  readonly wasUp: boolean;
  readonly error: McaiError;
}

/**
 * Keeps one connection to the broker: opens it, detects its loss, and opens another one on the next host. The first
 * connection is opened ahead of its use. Until {@link Link.attach} is called, it is not set up, and connection errors are
 * ignored.
 */
export class Link {
  readonly #options: LinkOptions;
  // Undefined if the link was closed before it had a user.
  readonly #user: Promise<LinkUser | undefined>;
  readonly #closing = new AbortController();
  #connection: ChannelModel | undefined;
  /** Destroys the socket of the connection, also while the connection is being opened. */
  #socket = new AbortController();
  #pausing = new AbortController();
  #lose: ((why: string) => void) | undefined;
  /** Whether the connection is open and set up. */
  isUp = false;
  /** The number of connections that were set up. */
  connections = 0;
  #attempt = 0;
  readonly #hosts: HostTurns;
  #isAttached = false;
  readonly #running: Promise<void>;
  #resolveUser: (user: LinkUser | undefined) => void = () => undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#hosts = new HostTurns(options.settings.hosts);
    this.#user = new Promise((resolve) => {
      this.#resolveUser = resolve;
    });
    this.#running = this.#run();
    // attach() reports the error.
    this.#running.catch(() => undefined);
  }

  /**
   * Sets the user of the connection. Resolves when the first connection is set up.
   *
   * @throws {@link McaiError} when every host of the broker refuses the connection, at once, or when the maximum number of
   * attempts has failed.
   */
  attach(user: LinkUser): Promise<void> {
    this.#isAttached = true;
    return new Promise((resolve, reject) => {
      this.#resolveUser({
        ...user,
        onConnected: () => {
          resolve();
          user.onConnected();
        },
      });
      this.#running.catch((error: Error) => {
        if (this.connections > 0) user.onFailure(error);
        else reject(error);
      });
    });
  }

  /** Destroys the connection, and opens another one. */
  reset(why: string): void {
    this.#lose?.(why);
  }

  /** Ends the pause before the next attempt. Called when the other connection has shown that the broker is available. */
  retryNow(): void {
    this.#pausing.abort();
  }

  /** Closes the connection for good. */
  async close(): Promise<void> {
    const connection = this.#connection;
    this.#closing.abort();
    this.#resolveUser(undefined);
    if (connection) await closeConnection(connection);
    this.#socket.abort();
    await this.#running.catch(() => undefined);
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const end = await this.#connectUntilLost();
      if (signal.aborted) return;
      if (!this.#isAttached) {
        await this.#user;
        // As if there had been no attempt: what comes of this one depends on how long the worker's module loads.
        this.#hosts.reset();
        continue;
      }
      if (end.wasUp) this.#hosts.startRound();
      else if (this.#hosts.fail(end.error)) {
        this.#options.log.warn(`${messageOf(end.error)}; trying the next host (${this.#options.name})`);
        continue;
      } else if (this.connections === 0 && this.#hosts.haveAllRefused) throw this.#hosts.toError();
      await this.#pause(end);
    }
  }

  // Resolves with the reason why the connection could not be opened, or was lost.
  async #connectUntilLost(): Promise<ConnectionEnd> {
    const { name, settings, log } = this.#options;
    const host = this.#hosts.current;
    const socket = new AbortController();
    this.#socket = socket;
    let user: LinkUser | undefined;
    let upSinceMs: number | undefined;
    try {
      const connection = await openConnection(settings, host, name, socket.signal);
      const lost = this.#watch(connection);
      user = await Promise.race([this.#user, lost.then(fail)]);
      if (!user) fail("closed");
      await Promise.race([
        user.setUp(connection),
        lost.then(fail),
        delay(setUpTimeoutMs, setUpTimeout, { ref: false }).then(fail),
      ]);
      log.info(`Connected to the broker ${host.hostname}:${host.port} (${name}).`);
      upSinceMs = performance.now();
      this.isUp = true;
      this.connections++;
      user.onConnected();
      const why = await lost;
      if (performance.now() - upSinceMs > stableMs) this.#attempt = 0;
      const text = `the connection to ${host.hostname}:${host.port} was lost: ${why}`;
      return { wasUp: true, error: new McaiError("BROKER_UNREACHABLE", text) };
    } catch (error) {
      return { wasUp: false, error: toBrokerError(error, `broker ${host.hostname}:${host.port}`) };
    } finally {
      this.#lose = undefined;
      this.isUp = false;
      this.#connection = undefined;
      // close() first waits until the broker has confirmed that the connection is closed.
      if (!this.#closing.signal.aborted) socket.abort();
      user?.onDisconnected();
    }
  }

  // Resolves with the reason when the connection is lost.
  #watch(connection: ChannelModel): Promise<string> {
    this.#connection = connection;
    return new Promise((resolve) => {
      this.#lose = resolve;
      // The error event comes before the close event, and has the reason.
      connection.on("error", (error) => resolve(error.message));
      connection.on("close", (error) => resolve(error?.message ?? "closed"));
    });
  }

  async #pause({ wasUp, error }: ConnectionEnd): Promise<void> {
    const { name, settings, log } = this.#options;
    if (settings.maxRetries !== undefined && this.#attempt >= settings.maxRetries) {
      const details = ` (attempt ${this.#attempt + 1}, AMQP_CONNECTION_MAX_RETRY)`;
      throw wasUp
        ? new McaiError(error.code, `${error.message}${details}`, { cause: error })
        : this.#hosts.toError(details);
    }
    const fullPauseMs = Math.min(maxPauseMs, 250 * 2 ** this.#attempt++);
    const pauseMs = Math.round(fullPauseMs * (0.5 + Math.random() / 2));
    log.warn(`${messageOf(error)}; next attempt in ${pauseMs} ms (${name})`);
    this.#pausing = new AbortController();
    const signal = AbortSignal.any([this.#closing.signal, this.#pausing.signal]);
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

const setUpTimeout = `the connection could not be set up within ${setUpTimeoutMs / 1000} s`;

function fail(why: string): never {
  throw new Error(why);
}
