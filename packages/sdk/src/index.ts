// For the author of a worker.
export { type Job, type JobLog, JobStopped, type StopReason } from "./job/job.ts";
export { JobHandle, type PortedJobStatus, type PortedResult, Worker, workerDefinition } from "./ported-worker.ts";
export type { JobResult, ResultValue, TypedResultValue } from "./job/job-result.ts";
export { runWorker } from "./run.ts";
export { Secret } from "./secret.ts";
export {
  type Static,
  type TInteger,
  type TObject,
  type TOptional,
  type TProperties,
  type TSchema,
  type TString,
  Type,
} from "./typebox.ts";
export {
  defineLiveWorker,
  defineWorker,
  type LiveWorkerOptions,
  type ProcessWorkerOptions,
  type RunningProcess,
  type WorkerDefinition,
  type WorkerOptions,
} from "./worker.ts";
export type { WorkerMetadata } from "./metadata.ts";

// For those who read or write the protocol.
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
