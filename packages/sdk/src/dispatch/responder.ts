import type { Settings } from "../env.ts";
import type { Log } from "../log/log.ts";
import {
  type Activity,
  encodeError,
  encodeResponse,
  encodeResult,
  type JobClock,
  type JobError,
  type ResponseBodies,
  type ResponseKind,
} from "../response/response.ts";
import type { WorkerConfiguration } from "../response/worker-configuration.ts";
import type { SystemInfo } from "../system-info/system-info.ts";
import { type EncodedResult, emptyResult, type RunEnd } from "../thread-protocol/messages.ts";
import type { Message, Settlement, Transport } from "../transport/transport.ts";
import type { CurrentJob } from "./current-job.ts";

type FinalStatus = "completed" | "stopped" | "error";

/** Options of a {@link Responder}. */
export interface ResponderOptions {
  readonly transport: Transport;
  readonly configuration: WorkerConfiguration;
  readonly systemInfo: SystemInfo;
  readonly log: Log;
  readonly settings: Pick<Settings, "maxErrorBytes">;
}

/** Publishes the responses about jobs and the worker. Each method resolves when its response is confirmed. */
export class Responder {
  /** The number of jobs that were answered with an error. */
  failedJobs = 0;
  /** Called for each job that ran here and got its final response, with the status of that response. */
  onJobEnded: (status: FinalStatus, durationSeconds: number) => void = () => undefined;
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** @param replaces - While the response waits, a later one with the same key replaces it. */
  publish<Kind extends ResponseKind>(kind: Kind, body: ResponseBodies[Kind], replaces?: string): Promise<void> {
    return this.#options.transport.publish({ ...encodeResponse(kind, body), replaces });
  }

  announce(kind: "worker_created" | "worker_terminated"): Promise<void> {
    return this.publish(kind, this.#options.configuration);
  }

  /** Answers with an error. `clock` is that of the job, if it ran here. */
  error(jobId: number, message: string, clock?: JobClock): Promise<void> {
    this.failedJobs++;
    return this.#publishError("job_error", { jobId, message, clock });
  }

  describeStatus(current: CurrentJob | undefined, activity: Activity): ResponseBodies["worker_status"] {
    const worker = { ...this.#describe(), activity, system_info: this.#options.systemInfo.forStatus() };
    return { type: "status", job: current?.toResult() ?? null, worker };
  }

  blackList(jobIds: readonly number[]): Promise<void> {
    const body = { worker_description: this.#describe(), black_list: { job_ids: jobIds } };
    return this.publish("worker_black_list", body, "worker_black_list");
  }

  progress(current: CurrentJob, percent: number): Promise<void> {
    const { configuration, systemInfo } = this.#options;
    const body = {
      job_id: current.id,
      progression: percent,
      datetime: new Date().toISOString(),
      docker_container_id: configuration.instance_id,
      system_info: systemInfo.forProgression(),
    };
    return this.publish("job_progression", body, `progression ${current.serial}`);
  }

  updated(current: CurrentJob, failure: string | undefined): Promise<void> {
    if (failure !== undefined)
      return this.#publishError("worker_updated", { jobId: current.id, message: failure, clock: current.clock });
    return this.publish("worker_updated", current.toResult("updated"));
  }

  /**
   * Answers the end of a job.
   *
   * @returns How the job's order is to be settled.
   */
  async end(current: CurrentJob, end: RunEnd): Promise<Settlement> {
    const { origin, phases, log } = current;
    // A job with a stop order is not delayed: it must not run again.
    if (end.status === "delayed" && origin?.canDelay && !current.holds("stopped")) {
      log.warn(end.message);
      return "delay";
    }
    if (end.status === "stopped" && end.reason === "drain" && !phases.initialisedFirst && origin?.canRequeue) {
      log.warn("Shutting down: job returned to the queue.");
      return "requeue";
    }
    this.onJobEnded(await this.#answerEnd(current, end), current.durationSeconds);
    return "acknowledge";
  }

  async #answerEnd(current: CurrentJob, end: RunEnd): Promise<FinalStatus> {
    if (end.status === "completed" || end.status === "stopped") return this.#result(end.status, current, end.result);
    if (end.status === "delayed" && current.holds("stopped")) return this.#result("stopped", current, emptyResult);
    await this.error(current.id, end.message, current.clock);
    return "error";
  }

  async #result(status: "completed" | "stopped", current: CurrentJob, result: EncodedResult): Promise<FinalStatus> {
    let sent: FinalStatus = status;
    const response = encodeResult(`job_${status}`, current.toResult(status), result);
    const substitute = (maxBytes: number) => {
      sent = "error";
      this.failedJobs++;
      const message = `The job's results have ${response.body.length} bytes as JSON, more than the maximum of ${maxBytes}. Write them to a file and return its path.`;
      return this.#encodeError("job_error", { jobId: current.id, message, clock: current.clock });
    };
    await this.#options.transport.publish({ ...response, substitute });
    return sent;
  }

  #publishError(kind: "job_error" | "worker_updated", error: JobError): Promise<void> {
    return this.#options.transport.publish(this.#encodeError(kind, error));
  }

  #encodeError(kind: "job_error" | "worker_updated", error: JobError): Message {
    return encodeError(kind, error, this.#options.settings.maxErrorBytes);
  }

  #describe(): Omit<WorkerConfiguration, "parameters"> {
    const { parameters: _, ...worker } = this.#options.configuration;
    return worker;
  }
}
