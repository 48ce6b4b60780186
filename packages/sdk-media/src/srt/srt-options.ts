import type { JobLog } from "@mcai/worker-sdk";

/** Options of a job for its SRT sources and outputs. */
export interface SrtOptions {
  /** Whether to wait for a peer to reconnect. */
  readonly reconnect: boolean;
  /** The log of the job. */
  readonly log: JobLog | undefined;
}
