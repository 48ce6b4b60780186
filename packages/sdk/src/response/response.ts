import type { ProgressionSystemInfo, StatusSystemInfo } from "../system-info/system-info.ts";
import type { EncodedResult, ResultParameter } from "../thread-protocol/messages.ts";
import type { Message } from "../transport/transport.ts";
import { cutText } from "./cut-text.ts";
import type { WorkerConfiguration } from "./worker-configuration.ts";

/** No text of an error is cut to less than half of this. */
const minTextBytes = 256;

/** The status of a job in a response. */
export type JobStatus = "unknown" | "ready_to_start" | "processing" | "stopped" | "completed" | "error" | "updated";

/** The activity of a worker in a `worker_status`. */
export type Activity = "Idle" | "Busy" | "Suspended";

/** The result of a job (docs/protocol.md). All fields are always present; times are in seconds. */
export interface JobResultBody {
  readonly job_id: number;
  readonly status: JobStatus;
  readonly destination_paths: readonly string[];
  readonly parameters: readonly ResultParameter[];
  readonly execution_duration: number;
  readonly cpu_time: number;
  readonly gpu_time: number;
  readonly datetime: string;
}

/** The progression of a job (docs/protocol.md). */
interface ProgressionBody {
  readonly job_id: number;
  readonly progression: number;
  readonly datetime: string;
  readonly docker_container_id: string;
  readonly system_info: ProgressionSystemInfo;
}

/** The status of a worker and of its job (docs/protocol.md). */
interface StatusBody {
  readonly type: "status";
  readonly job: JobResultBody | null;
  readonly worker: Omit<WorkerConfiguration, "parameters"> & { activity: Activity; system_info: StatusSystemInfo };
}

/** The jobs that a worker must not run (docs/protocol.md). */
interface BlackListBody {
  readonly worker_description: Omit<WorkerConfiguration, "parameters">;
  readonly black_list: { readonly job_ids: readonly number[] };
}

/** The body of each response that a worker sends, by routing key. */
export interface ResponseBodies {
  job_completed: JobResultBody;
  job_stopped: JobResultBody;
  job_error: JobResultBody;
  job_progression: ProgressionBody;
  worker_discovery: WorkerConfiguration;
  worker_created: WorkerConfiguration;
  worker_terminated: WorkerConfiguration;
  worker_initialized: JobResultBody;
  worker_started: JobResultBody;
  worker_updated: JobResultBody;
  worker_status: StatusBody;
  worker_black_list: BlackListBody;
}

/** The kind of a response, which is its routing key. */
export type ResponseKind = keyof ResponseBodies;

/**
 * Encodes a response as UTF-8 JSON, for the exchange from which the backend consumes it.
 *
 * @param replaces - While the response waits, a later one with the same key replaces it.
 */
export function encodeResponse<Kind extends ResponseKind>(
  kind: Kind,
  body: ResponseBodies[Kind],
  replaces?: string,
): Message {
  return toMessage(kind, "job_id" in body ? body.job_id : undefined, JSON.stringify(body), replaces);
}

// How the lists of a result without any look in the JSON of a JobResultBody. Only an id and a status come before them.
const emptyLists = '"destination_paths":[],"parameters":[]';

/**
 * Encodes a final response. The JSON of the result comes from the job thread and is not read here: that could take seconds.
 *
 * @param body - The response, without the result.
 */
export function encodeResult(
  kind: "job_completed" | "job_stopped",
  body: JobResultBody,
  result: EncodedResult,
): Message {
  const lists = `"destination_paths":${result.destinationPaths},"parameters":${result.parameters}`;
  const text = JSON.stringify(body).replace(emptyLists, () => lists);
  return toMessage(kind, body.job_id, text);
}

// The message of these is the worker's own.
const codesOfWorkers = ["JOB_FAILED"];

/** Returns the text of an error in at most so many bytes, with its code at the end if the SDK itself made it. */
export function errorText({ message, code }: Pick<JobError, "message" | "code">, maxBytes: number): string {
  const suffix = code === undefined || codesOfWorkers.includes(code) ? "" : ` [${code}]`;
  return `${cutText(message, maxBytes - suffix.length)}${suffix}`;
}

/** The error of a job, or of its update. */
export interface JobError {
  readonly jobId: number;
  readonly message: string;
  /** Undefined if the SDK did not make the error. */
  readonly code?: string | undefined;
  /** The clock of the job, if it ran here. */
  readonly clock?: JobClock | undefined;
}

/**
 * Encodes the error of a job, or of its update, with a text of at most `maxErrorBytes`. As a substitute for a message that
 * is larger than the broker takes, it has as much of the text as fits.
 */
export function encodeError(
  kind: "job_error" | "worker_updated",
  { jobId, clock, ...error }: JobError,
  maxErrorBytes: number,
): Message {
  const encode = (maxTextBytes: number) =>
    encodeResponse(kind, toErrorResult(jobId, errorText(error, maxTextBytes), clock));
  const substitute = (maxBytes: number) => {
    // JSON writes a byte of the text as up to six.
    let maxTextBytes = Math.min(maxErrorBytes, maxBytes);
    let shorter = encode(maxTextBytes);
    while (shorter.body.length > maxBytes && maxTextBytes > minTextBytes) {
      maxTextBytes = Math.floor(maxTextBytes / 2);
      shorter = encode(maxTextBytes);
    }
    return shorter;
  };
  return { ...encode(maxErrorBytes), substitute };
}

function toMessage(kind: ResponseKind, jobId: number | undefined, text: string, replaces?: string): Message {
  const exchange = kind.startsWith("job_") || kind === "worker_discovery" ? "job_response" : "worker_response";
  const isLast = kind === "job_completed" || kind === "job_stopped" || kind === "job_error";
  return { exchange, routingKey: kind, body: Buffer.from(text), jobId, isLast, replaces };
}

/** Measures the time and the CPU time of a job, from the creation of the clock. */
export class JobClock {
  readonly #startMs = performance.now();
  readonly #startCpu = process.cpuUsage();

  /** The time since the clock was created. */
  get durationSeconds(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  /** Returns the result of the job, with the times so far. */
  toResult(jobId: number, status: JobStatus, parameters: readonly ResultParameter[] = []): JobResultBody {
    const { user, system } = process.cpuUsage(this.#startCpu);
    return {
      job_id: jobId,
      status,
      destination_paths: [],
      parameters: parameters,
      execution_duration: this.durationSeconds,
      cpu_time: (user + system) / 1_000_000,
      gpu_time: 0,
      datetime: new Date().toISOString(),
    };
  }
}

/**
 * Returns the result of a job that failed, or that could not be updated. The message is the only parameter, as the backend
 * requires.
 *
 * @param clock - That of the job, if it ran here; without it the times are about 0.
 */
export function toErrorResult(jobId: number, message: string, clock = new JobClock()): JobResultBody {
  const parameter = { id: "message", type: "string", store: null, value: message, default: null };
  return clock.toResult(jobId, "error", [parameter]);
}
