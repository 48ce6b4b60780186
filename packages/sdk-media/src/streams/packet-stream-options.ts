/** Options of streams that are not decoded. */
export interface PacketStreamOptions {
  /** The number of items per call of the handler. @default the job's `batch_size` */
  readonly batchSize?: number;
  /**
   * The maximum number of concurrent calls of the handler. Results and outputs are written in stream order, whichever
   * call ends first. @default 1
   */
  readonly concurrency?: number;
}
