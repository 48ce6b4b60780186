import type { JobOrder } from "../order/order.ts";
import type { StopReason } from "../worker/job.ts";
import type { WorkerMetadata } from "../worker/metadata.ts";

// The seam between the two threads: all that passes it, both ways. Every run of a job has a serial number of its own.

/** What the job thread gets when it is started. */
export interface ThreadOptions {
  readonly moduleUrl: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly instanceId: string;
  readonly stopFlag: SharedArrayBuffer;
  /** Only say what the worker is: no `setup`. */
  readonly describe: boolean;
}

/** What the main thread asks of the job thread. */
export type Command =
  | { kind: "run" | "initialise"; serial: number; order: JobOrder }
  | { kind: "start" | "update"; serial: number; order: JobOrder }
  /** The flag was raised: wake the job's signal. */
  | { kind: "stop"; serial: number; reason: StopReason }
  /** Answer, if you can. */
  | { kind: "ping" }
  /** Tear down and end. */
  | { kind: "close" };

/** What a worker is: its metadata, the JSON Schema of its parameters, and whether it answers `worker_started` to a job. */
export interface WorkerDescription extends WorkerMetadata {
  readonly parameters: Record<string, unknown>;
  readonly live: boolean;
}

/** A result parameter as it stands on the wire: the last three null when unset, never absent. */
export interface ResultParameter {
  readonly id: string;
  readonly type: string;
  readonly store: string | null;
  readonly value: unknown;
  readonly default: unknown;
}

/** What is left of a run: destination paths and parameters. */
export interface RunResult {
  readonly destinationPaths: readonly string[];
  readonly parameters: readonly ResultParameter[];
}

/** How a run ended. `stopped` by whom says `reason`; `delayed`: files that it requires are missing. */
export type RunEnd =
  | { status: "completed"; result: RunResult }
  | { status: "stopped"; result: RunResult; reason: StopReason }
  | { status: "error"; message: string }
  | { status: "delayed"; message: string };

/** What the job thread tells the main thread. */
export type Report =
  | { kind: "described"; description: WorkerDescription }
  | { kind: "ready" | "pong" | "closed" }
  /** Nobody caught it: the thread ends, and with it the job in hand. */
  | { kind: "crashed"; message: string }
  | { kind: "failed"; code: string; message: string }
  | { kind: "initialised" | "started"; serial: number }
  | { kind: "progression"; serial: number; percent: number }
  | { kind: "updated"; serial: number; message?: string }
  | { kind: "ended"; serial: number; end: RunEnd };
