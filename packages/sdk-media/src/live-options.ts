import { McaiError } from "@mcai/worker-sdk";

/** How a media worker processes live sources. Sources that are not live ignore these options. */
export interface LiveOptions {
  /** Whether to wait up to `SRT_TIMEOUT_LIMIT` for an SRT peer to reconnect. @default false */
  readonly reconnect?: boolean;
  /**
   * The maximum number of batches that wait for their handler. When another one arrives, the oldest is dropped. If this
   * is set, the job has the result `dropped_batches`. @default unlimited: nothing is dropped
   */
  readonly maxWaitingBatches?: number;
}

/** Validates the options. @throws {@link McaiError} `WORKER_INVALID` if a value is invalid. */
export function checkLiveOptions({ reconnect, maxWaitingBatches: max }: LiveOptions): void {
  if (reconnect !== undefined && typeof reconnect !== "boolean")
    throw new McaiError("WORKER_INVALID", `live.reconnect: expected true or false, got ${reconnect}`);
  if (max !== undefined && !(Number.isSafeInteger(max) && max > 0))
    throw new McaiError("WORKER_INVALID", `live.maxWaitingBatches: expected a whole number from 1, got ${max}`);
}
