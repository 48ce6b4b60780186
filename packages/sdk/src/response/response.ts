import type { ProgressionSystemInfo, StatusSystemInfo } from "../system-info/system-info.ts";
import type { ResultParameter, RunResult } from "../thread-protocol/messages.ts";
import type { Message } from "../transport/transport.ts";
import type { WorkerConfiguration } from "./worker-configuration.ts";

/** What a job is at, as the wire says it. */
export type JobStatus = "unknown" | "ready_to_start" | "processing" | "stopped" | "completed" | "error" | "updated";

/** What a worker is at. */
export type Activity = "Idle" | "Busy" | "Suspended";

/** A job's result (docs/protocol.md): all fields always there, times in seconds. */
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

/** How far a job is (docs/protocol.md). */
interface ProgressionBody {
  readonly job_id: number;
  readonly progression: number;
  readonly datetime: string;
  readonly docker_container_id: string;
  readonly system_info: ProgressionSystemInfo;
}

/** What a worker is at (docs/protocol.md). */
interface StatusBody {
  readonly type: "status";
  readonly job: JobResultBody | null;
  readonly worker: Omit<WorkerConfiguration, "parameters"> & { activity: Activity; system_info: StatusSystemInfo };
}

/** The jobs that a worker must not do (docs/protocol.md). */
interface BlackListBody {
  readonly worker_description: Omit<WorkerConfiguration, "parameters">;
  readonly black_list: { readonly job_ids: readonly number[] };
}

/** Every response that a worker sends, by its routing key. */
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

/** The name of a response: its routing key. */
export type ResponseKind = keyof ResponseBodies;

/** Encodes a response: UTF-8 JSON, to the exchange where the backend looks for it. */
export function encodeResponse<Kind extends ResponseKind>(kind: Kind, body: ResponseBodies[Kind]): Message {
  const exchange = kind.startsWith("job_") || kind === "worker_discovery" ? "job_response" : "worker_response";
  return { exchange, routingKey: kind, body: Buffer.from(JSON.stringify(body)) };
}

/** The time that a job took: since the clock was made. */
export class JobClock {
  readonly #startMs = performance.now();
  readonly #startCpu = process.cpuUsage();

  /** How long ago it was made. */
  get durationSeconds(): number {
    return (performance.now() - this.#startMs) / 1000;
  }

  /** The job's result at this moment. */
  toResult(jobId: number, status: JobStatus, result?: RunResult): JobResultBody {
    const { user, system } = process.cpuUsage(this.#startCpu);
    return {
      job_id: jobId,
      status,
      destination_paths: result?.destinationPaths ?? [],
      parameters: result?.parameters ?? [],
      execution_duration: this.durationSeconds,
      cpu_time: (user + system) / 1_000_000,
      gpu_time: 0,
      datetime: new Date().toISOString(),
    };
  }
}

/** A `job_error` or failed update: a fresh result with the message as its one parameter, as the backend needs it. */
export function toErrorResult(jobId: number, message: string): JobResultBody {
  const parameter = { id: "message", type: "string", store: null, value: message, default: null };
  return new JobClock().toResult(jobId, "error", { destinationPaths: [], parameters: [parameter] });
}
