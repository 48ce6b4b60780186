import type { JobOrder } from "../order/order.ts";
import type { OutputsPlan } from "../output/outputs.ts";
import type { StopReason } from "../worker/job.ts";
import type { WorkerMetadata } from "../worker/metadata.ts";
import type { StopCause } from "./stop-flag.ts";

// Every message between the two threads, in both directions. Each run of a job has a serial number of its own.

/** What the job thread gets when it is started. */
export interface ThreadOptions {
  readonly moduleUrl: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly instanceId: string;
  readonly stopFlag: SharedArrayBuffer;
  /** The outputs that the main thread has opened. */
  readonly outputs: OutputsPlan;
  /** Whether the thread only describes the worker, without `setup`. */
  readonly describe: boolean;
}

/** A command of the main thread to the job thread. */
export type Command =
  | { kind: "run" | "initialise"; serial: number; order: JobOrder; attempt: number }
  | { kind: "start" | "update"; serial: number; order: JobOrder }
  /** The stop flag was raised: abort the job's signal. */
  | { kind: "stop"; serial: number; reason: StopCause }
  /** Another process has the instance id: the worker has this one now. */
  | { kind: "rename"; instanceId: string }
  /** Answer with a pong. */
  | { kind: "ping" }
  /** Run `teardown` and answer with closed. */
  | { kind: "close" };

/** The description of a worker: its metadata, and the JSON Schema of its parameters. */
export interface WorkerDescription extends WorkerMetadata {
  readonly parameters: Record<string, unknown>;
  /** Whether it has an `initProcess`; such a worker sends `worker_started` for a plain job too. */
  readonly hasInitProcess: boolean;
}

/** A result parameter as on the wire: `store` and `default` are null if unset, never absent. */
export interface ResultParameter {
  readonly id: string;
  readonly type: string;
  readonly store: string | null;
  readonly value: unknown;
  readonly default: unknown;
}

/** A result as the log shows it: the value of each parameter by its id. Long values are cut. */
export interface ShownResult {
  readonly destinationPaths: readonly string[];
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** The result of a run: its destination paths and its parameters ({@link ResultParameter}), each as a list in JSON. */
export interface EncodedResult {
  readonly destinationPaths: string;
  readonly parameters: string;
  /** For the line about the end of the job, if that is written. */
  readonly shown?: ShownResult;
}

/** The result of a run that has none. */
export const emptyResult: EncodedResult = { destinationPaths: "[]", parameters: "[]" };

/** A fault of one value: where it is, and what is wrong with it. */
export interface Fault {
  readonly path: string;
  readonly message: string;
  /** The code of a fault of another kind than the error: `STORE_FAILED`. */
  readonly code?: string;
}

/**
 * A run that failed. `code` is that of an error which the SDK itself made; what the worker's own code threw has none.
 * `faults` are the single faults that the message lists.
 */
export interface FailedRun {
  readonly status: "error";
  readonly message: string;
  readonly code?: string;
  readonly faults?: readonly Fault[];
  /** Where the worker's own code threw it, for the log alone. */
  readonly stack?: string;
}

/**
 * The end of a run. `reason` is why it was stopped. `delayed` means that the job is to run later: required files do not exist,
 * or the worker has postponed it.
 */
export type RunEnd<Result = EncodedResult> =
  | { status: "completed"; result: Result }
  | { status: "stopped"; result: Result; reason: StopReason }
  | FailedRun
  | { status: "delayed"; cause: "requirements" | "worker"; message: string };

/** A report of the job thread to the main thread. */
export type Report =
  | { kind: "described"; description: WorkerDescription }
  | { kind: "ready" | "pong" | "closed" }
  /** An error that nothing caught: the thread is about to exit. */
  | { kind: "crashed"; message: string }
  | { kind: "failed"; code: string; message: string; stack?: string }
  | { kind: "initialised" | "started"; serial: number }
  | { kind: "progression"; serial: number; percent: number }
  | { kind: "updated"; serial: number; failure?: FailedRun }
  /** Values that no line of the main thread's log may show: result parameters may repeat them. */
  | { kind: "secrets"; secrets: readonly unknown[] }
  | { kind: "ended"; serial: number; end: RunEnd };
