import type { Settings } from "../env.ts";
import type { Log } from "../log/log.ts";
import {
  type Activity,
  encodeError,
  encodeResponse,
  encodeResult,
  errorText,
  type JobClock,
  type JobError,
  type ResponseBodies,
  type ResponseKind,
} from "../response/response.ts";
import type { WorkerConfiguration } from "../response/worker-configuration.ts";
import type { SystemInfo } from "../system-info/system-info.ts";
import { type EncodedResult, emptyResult, type FailedRun, type RunEnd } from "../thread-protocol/messages.ts";
import type { Message, Settlement, Transport } from "../transport/transport.ts";
import type { CurrentJob } from "./current-job.ts";
import { detailsOf, logFailure, logResult, logReturn } from "./job-lines.ts";
import { ProgressLine } from "./progress-line.ts";

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
  readonly #progressLine = new ProgressLine();

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  /** @param replaces - While the response waits, a later one with the same key replaces it. */
  publish<Kind extends ResponseKind>(kind: Kind, body: ResponseBodies[Kind], replaces?: string): Promise<void> {
    return this.#options.transport.publish(encodeResponse(kind, body, replaces));
  }

  announce(kind: "worker_created" | "worker_terminated"): Promise<void> {
    return this.publish(kind, this.#options.configuration);
  }

  /** Answers an order that is not run. `what` begins the line of the log. */
  refuse(jobId: number, failure: FailedRun, what = "Job not run"): Promise<void> {
    const fields = { status: "error", ...detailsOf(failure) };
    this.#options.log.forJob(jobId).event("error", `${what}: ${this.text(failure)}`, fields);
    this.failedJobs++;
    return this.#publishError("job_error", toJobError(jobId, failure));
  }

  /** The text of a failure in a response and in the log. */
  text(failure: FailedRun): string {
    return errorText(failure, this.#options.settings.maxErrorBytes);
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
    this.#progressLine.take(current, percent);
    return this.publish("job_progression", body, `progression ${current.serial}`);
  }

  updated(current: CurrentJob, failure: FailedRun | undefined): Promise<void> {
    if (failure === undefined) return this.publish("worker_updated", current.toResult("updated"));
    current.log.event("warn", `The job was not updated: ${this.text(failure)}`, detailsOf(failure));
    return this.#publishError("worker_updated", toJobError(current.id, failure, current.clock));
  }

  /**
   * Answers the end of a job.
   *
   * @returns How the job's order is to be settled.
   */
  async end(current: CurrentJob, end: RunEnd): Promise<Settlement> {
    const { origin, phases } = current;
    this.#progressLine.end();
    // A job with a stop order must not run again: it is neither delayed nor returned to its queue.
    const mayRunAgain = !current.holds("stopped");
    if (end.status === "delayed" && origin?.canDelay && mayRunAgain) {
      logReturn(current, "delayed", this.text({ status: "error", message: end.message }));
      return "delay";
    }
    const isDrained = end.status === "stopped" && end.reason === "drain" && !phases.initialisedFirst;
    if (isDrained && origin?.canRequeue && mayRunAgain) {
      logReturn(current, "requeued", "the worker shuts down.");
      return "requeue";
    }
    this.onJobEnded(await this.#answerEnd(current, end), current.durationSeconds);
    return "acknowledge";
  }

  async #answerEnd(current: CurrentJob, end: RunEnd): Promise<FinalStatus> {
    if (end.status === "completed" || end.status === "stopped") return this.#result(end.status, current, end.result);
    if (end.status === "delayed" && current.holds("stopped")) return this.#result("stopped", current, emptyResult);
    const failure = { ...end, status: "error" } as const;
    // The reason is the worker's own text, which has no code in the answer.
    const isPostponed = end.status === "delayed" && end.cause === "worker";
    this.#countFailure(current, isPostponed ? { ...failure, code: "JOB_POSTPONED" } : failure);
    await this.#publishError("job_error", toJobError(current.id, failure, current.clock));
    return "error";
  }

  async #result(status: "completed" | "stopped", current: CurrentJob, result: EncodedResult): Promise<FinalStatus> {
    let sent: FinalStatus = status;
    const response = encodeResult(`job_${status}`, current.toResult(status), result);
    const substitute = (maxBytes: number) => {
      sent = "error";
      const message = `The job's results have ${response.body.length} bytes as JSON, more than the maximum of ${maxBytes}. Write them to a file and return its path.`;
      const failure = { status: "error", message, code: "RESULT_TOO_LARGE" } as const;
      this.#countFailure(current, failure);
      return this.#encodeError("job_error", toJobError(current.id, failure, current.clock));
    };
    const published = this.#options.transport.publish({ ...response, substitute });
    if (sent === status) logResult(current, status, result);
    await published;
    return sent;
  }

  #countFailure(current: CurrentJob, failure: FailedRun): void {
    this.failedJobs++;
    logFailure(current, this.text(failure), failure);
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

// `clock` is that of the job, if it ran here.
function toJobError(jobId: number, { message, code }: FailedRun, clock?: JobClock): JobError {
  return { jobId, message, code, clock };
}
