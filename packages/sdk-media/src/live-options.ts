import { type JobLog, McaiError } from "@mcai/worker-sdk";

/** What a media worker does with sources that come as they are made; other sources are not concerned. */
export interface LiveOptions {
  /** Whether an SRT peer that went away is waited for, for as long as `SRT_TIMEOUT_LIMIT` says. @default false */
  readonly reconnect?: boolean;
  /**
   * How many batches may wait for their handler. For each more the oldest is dropped; the job then has the result
   * `dropped_batches`. @default all wait, and nothing is dropped
   */
  readonly maxWaitingBatches?: number;
}

/** What SRT sources and outputs need of their job. */
export interface SrtOptions {
  readonly reconnect: boolean;
  readonly log: JobLog | undefined;
}

/** Refuses options that cannot be. @throws {McaiError} `WORKER_INVALID` */
export function checkLiveOptions({ reconnect, maxWaitingBatches: max }: LiveOptions): void {
  if (reconnect !== undefined && typeof reconnect !== "boolean")
    throw new McaiError("WORKER_INVALID", `live.reconnect: expected true or false, got ${reconnect}`);
  if (max !== undefined && !(Number.isSafeInteger(max) && max > 0))
    throw new McaiError("WORKER_INVALID", `live.maxWaitingBatches: expected a whole number from 1, got ${max}`);
}
