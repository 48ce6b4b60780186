import type { Command, Report, WorkerDescription } from "./messages.ts";

/** What the main thread hears of the job thread. */
export interface JobThreadListener {
  /** A report of the processor. */
  report(report: Report): void;
  /** The thread ended unasked; `why` says how. A new one is being started. */
  lost(why: string): void;
  /** The new thread is set up. */
  recovered(): void;
  /** There is no way on: the process must end with this error. */
  failed(error: Error): void;
}

/** The job thread as the main thread sees it. The test kit has one in the same thread. */
export interface JobThreadHandle {
  /** Starts it and runs `setup`. `listen` gets what the worker is, and gives who is to hear of the thread from then on. */
  start<Listener extends JobThreadListener>(listen: (worker: WorkerDescription) => Listener): Promise<Listener>;
  /** Asks something of the processor. A stop is also seen by a job that never yields. */
  post(command: Exclude<Command, { kind: "close" }>): void;
  /** Ends it by force and starts a new one, which the listener hears of. */
  replace(): Promise<void>;
  /** Ends it for good: by asking, with `teardown`, or by force. False if a native call holds it. */
  end(how: "ask" | "force"): Promise<boolean>;
}
