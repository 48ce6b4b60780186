import { setTimeout as delay } from "node:timers/promises";
import type { BackendBlackList } from "../backend/backend-black-list.ts";
import { messageOf } from "../errors.ts";
import type { JobLog } from "../log/job-log.ts";

/** The start of a worker waits this long for the backend's list. */
const maxWaitMs = 5000;
const maxPauseMs = 60_000;

/** The jobs that this worker must not run: the backend's list, if there is a backend, and the changes of orders. */
export class BlackList {
  readonly #backend: BackendBlackList | undefined;
  readonly #log: JobLog;
  readonly #closing = new AbortController();
  #jobIds = new Set<number>();
  #isReading = false;
  #syncing: Promise<void> = Promise.resolve();

  constructor(log: JobLog, backend?: BackendBlackList) {
    this.#log = log;
    this.#backend = backend;
  }

  has(jobId: number): boolean {
    return this.#jobIds.has(jobId);
  }

  add(jobId: number): void {
    this.#jobIds.add(jobId);
  }

  delete(jobId: number): void {
    this.#jobIds.delete(jobId);
  }

  /** Opens the session with the backend early, so that the list is read sooner. {@link load} reports what fails. */
  prepare(): void {
    this.#backend?.logIn(this.#closing.signal).catch(() => undefined);
  }

  /**
   * Reads the backend's list. If the backend does not answer in time, the worker continues with the list that it has, and
   * the list is read in the background.
   */
  async load(): Promise<void> {
    const backend = this.#backend;
    if (!backend || this.#isReading) return;
    this.#isReading = true;
    const tried = new Promise<void>((resolve) => {
      void this.#keepReading(backend, resolve).finally(() => {
        this.#isReading = false;
      });
    });
    await Promise.race([tried, delay(maxWaitMs, undefined, { ref: false })]);
  }

  /** Reads the backend's list once, whatever version the backend has. */
  sync(): Promise<void> {
    this.#syncing = this.#readOnce();
    return this.#syncing;
  }

  /** Returns the list, after a {@link sync} that was ordered before. */
  async read(): Promise<readonly number[]> {
    await this.#syncing;
    return [...this.#jobIds];
  }

  /** Reports to the backend that a listed job arrived and was dropped. The backend then removes it from the list. */
  async drop(jobId: number): Promise<void> {
    if (!this.#backend) return;
    try {
      this.#jobIds = new Set(await this.#backend.remove(jobId, this.#closing.signal));
    } catch (error) {
      this.#log.error(`Job ${jobId} could not be removed from the backend's black list: ${messageOf(error)}`);
    }
  }

  /** Cancels the requests in progress. */
  close(): void {
    this.#closing.abort();
  }

  async #readOnce(): Promise<void> {
    if (!this.#backend) return this.#log.warn("sync_black_list has no effect: BACKEND_HOSTNAME is not set.");
    try {
      this.#jobIds = new Set(await this.#backend.read(this.#closing.signal));
    } catch (error) {
      this.#log.error(`The black list could not be read and is unchanged: ${messageOf(error)}`);
    }
  }

  async #keepReading(backend: BackendBlackList, onTried: () => void): Promise<void> {
    const { signal } = this.#closing;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        this.#jobIds = new Set(await backend.readIfKnown(signal));
        this.#log.info(`Black listed jobs: ${this.#jobIds.size === 0 ? "none" : [...this.#jobIds].join(", ")}`);
        return onTried();
      } catch (error) {
        if (signal.aborted) return;
        const pauseMs = Math.round(Math.min(maxPauseMs, 1000 * 2 ** attempt) * (0.5 + Math.random() / 2));
        this.#log.warn(`The black list could not be read: ${messageOf(error)}; next attempt in ${pauseMs} ms`);
        onTried();
        await delay(pauseMs, undefined, { ref: false, signal }).catch(() => undefined);
      }
    }
  }
}
