import type { Log } from "../log/log.ts";
import { abortProcess } from "./process-end.ts";

/** The time for the last messages, `teardown` and the connections, after the current job has ended or was terminated. */
const maxClosingMs = 10_000;
/** What is left of it for the end of the job thread after its `teardown`. */
const terminationMs = 1000;
/** What is left of it for the end of the process itself, which writes the log that waits. */
const abortMs = 600;

/** Aborts a process that has not ended within its time after it was told to end. docs/operations.md promises that time. */
export class EndDeadline {
  readonly #limitMs: number;
  readonly #log: Log;
  #endMs: number | undefined;

  /** @param jobMs - The time that the current job has to end. */
  constructor(jobMs: number, log: Log) {
    this.#limitMs = jobMs + maxClosingMs;
    this.#log = log;
  }

  /** The process must end now. Only the first call has an effect. */
  start(): void {
    if (this.#endMs !== undefined) return;
    this.#endMs = performance.now() + this.#limitMs;
    // It stays when the run is over: something else may keep the process, such as the look-up of a host name.
    setTimeout(() => {
      this.#log.error(`The process has not ended within ${this.#limitMs - abortMs} ms: it is aborted.`);
      abortProcess();
    }, this.#limitMs - abortMs).unref();
  }

  /** The time that `teardown` may take. */
  get teardownMs(): number {
    if (this.#endMs === undefined) return this.#limitMs;
    return Math.max(0, this.#endMs - performance.now() - terminationMs);
  }
}
