import { setTimeout as delay } from "node:timers/promises";
import type { BackendBlackList } from "../backend/backend-black-list.ts";
import { messageOf } from "../errors.ts";
import type { JobLog } from "../log/job-log.ts";

/** How long the start of a worker waits for the backend's list. */
const patienceMs = 5000;
/** The longest pause between two attempts to read it. */
const maxPauseMs = 60_000;

/** The jobs that this worker must not do: the backend's list, where there is a backend, and what orders change. */
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

  /** Opens the session with the backend, so that the list is read sooner. What goes wrong, {@link load} tells. */
  prepare(): void {
    this.#backend?.open(this.#closing.signal).catch(() => undefined);
  }

  /**
   * Tries to read the backend's list, once or for a while. A backend that is absent holds no worker back: it goes on with
   * what it knows, and the list is read as soon as it can be.
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
    await Promise.race([tried, delay(patienceMs, undefined, { ref: false })]);
  }

  /** Reads the backend's list, once, whatever the backend's version. */
  sync(): Promise<void> {
    this.#syncing = this.#readOnce();
    return this.#syncing;
  }

  /** The list, after what was ordered before. */
  async read(): Promise<readonly number[]> {
    await this.#syncing;
    return [...this.#jobIds];
  }

  /** Tells the backend that a job of the list came and was dropped, which takes it off the list. */
  async drop(jobId: number): Promise<void> {
    if (!this.#backend) return;
    try {
      this.#jobIds = new Set(await this.#backend.remove(jobId, this.#closing.signal));
    } catch (error) {
      this.#log.error(`Job ${jobId} could not be taken off the black list: ${messageOf(error)}`);
    }
  }

  /** Ends what is under way. */
  close(): void {
    this.#closing.abort();
  }

  async #readOnce(): Promise<void> {
    if (!this.#backend) return this.#log.warn("sync_black_list is without effect: BACKEND_HOSTNAME is not set.");
    try {
      this.#jobIds = new Set(await this.#backend.read(this.#closing.signal));
    } catch (error) {
      this.#log.error(`The black list could not be read, and stays as it was: ${messageOf(error)}`);
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
        this.#log.warn(`The black list cannot be read now: ${messageOf(error)}; next attempt in ${pauseMs} ms`);
        onTried();
        await delay(pauseMs, undefined, { ref: false, signal }).catch(() => undefined);
      }
    }
  }
}
