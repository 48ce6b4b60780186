/** How the items of a stream that is not decoded come. */
export interface PacketStreamOptions {
  /** Items a call of the handler. @default the job's `batch_size` */
  readonly batchSize?: number;
  /**
   * How many calls of the handler may run at once. What they return, and what they write to outputs, stands in the order of
   * the stream, whichever ends first. @default 1
   */
  readonly concurrency?: number;
}
