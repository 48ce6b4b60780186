// For authors of workers.
export { type Job, JobPostponed, JobStopped, type StopReason } from "./worker/job.ts";
export type { JobLog } from "./log/job-log.ts";
export {
  JobHandle,
  type PortedJobStatus,
  type PortedResult,
  Worker,
  workerDefinition,
} from "./worker/ported-worker.ts";
export type { JobResult, ResultValue, TypedResultValue } from "./worker/job-result.ts";
export { MediaSegments, type TMediaSegment } from "./worker/media-segments.ts";
export { runWorker } from "./run/run-worker.ts";
export { Secret } from "./worker/secret.ts";
export {
  type Static,
  type TArray,
  type TInteger,
  type TObject,
  type TOptional,
  type TProperties,
  type TSchema,
  type TString,
  Type,
} from "./schema/typebox.ts";
export {
  defineLiveWorker,
  defineWorker,
  type LiveWorkerOptions,
  type ProcessWorkerOptions,
  type RunningProcess,
  type WorkerDefinition,
  type WorkerOptions,
} from "./worker/define-worker.ts";
export type { WorkerMetadata } from "./worker/metadata.ts";

// For programs that use the protocol.
export { type ErrorCode, McaiError } from "./errors.ts";
export { decodeOrder, OrderError } from "./order/decode.ts";
export {
  type JobOrder,
  type Order,
  type OrderOf,
  orderSchemas,
  type OrderType,
  type Parameter,
} from "./order/order.ts";
export { ParameterError, type ParameterFault } from "./parameters/faults.ts";
