import type { Command, Report, WorkerDescription } from "./messages.ts";

/** Receives the events of the job thread. */
export interface JobThreadListener {
  /** The processor reported something. */
  onThreadReport(report: Report): void;
  /** The thread exited unexpectedly, for this reason. A new one is being started. */
  onThreadLost(reason: string): void;
  /** The new thread is set up. */
  onThreadRecovered(): void;
  /** No new thread can be started: the process must end with this error. */
  onThreadFailed(error: Error): void;
}

/** The job thread as the main thread uses it. The test kit has one that runs in the same thread. */
export interface JobThreadHandle {
  /** The number of threads that were started, the first one included. */
  readonly launches: number;
  /** Starts the thread and runs `setup`. `listen` gets the worker's description and returns the listener of the thread. */
  start<Listener extends JobThreadListener>(listen: (worker: WorkerDescription) => Listener): Promise<Listener>;
  /** Sends a command to the processor. A stop is also seen by a job that never yields. */
  post(command: Exclude<Command, { kind: "close" }>): void;
  /** Terminates the thread and starts a new one, which is reported to the listener. */
  replace(): Promise<void>;
  /**
   * Stops the thread for good: `ask` runs `teardown` first, `force` terminates it.
   *
   * @param maxTeardownMs - What `teardown` may take, if that is less than what its options allow.
   * @returns False if a native call holds the thread.
   */
  stop(how: "ask" | "force", maxTeardownMs?: number): Promise<boolean>;
}
