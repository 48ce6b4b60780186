import type { Log } from "../log/log.ts";
import {
  type Activity,
  encodeResponse,
  type ResponseBodies,
  type ResponseKind,
  toErrorResult,
} from "../response/response.ts";
import type { WorkerConfiguration } from "../response/worker-configuration.ts";
import type { SystemInfo } from "../system-info/system-info.ts";
import type { RunEnd } from "../thread-protocol/messages.ts";
import type { Settlement, Transport } from "../transport/transport.ts";
import type { CurrentJob } from "./current-job.ts";

/** The default maximum of RabbitMQ 4.0 and later. */
const maxResponseBytes = 16 * 1024 * 1024;

/** Options of a {@link Responder}. */
export interface ResponderOptions {
  readonly transport: Transport;
  readonly configuration: WorkerConfiguration;
  readonly systemInfo: SystemInfo;
  readonly log: Log;
}

/** Publishes the responses about jobs and the worker. Each method resolves when its response is confirmed. */
export class Responder {
  /** The number of jobs that were answered with an error. */
  failedJobs = 0;
  /** Called for each job that got its final response. */
  onJobEnded: (status: string, durationSeconds: number) => void = () => undefined;
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  publish<Kind extends ResponseKind>(kind: Kind, body: ResponseBodies[Kind]): Promise<void> {
    return this.#options.transport.publish(encodeResponse(kind, body));
  }

  announce(kind: "worker_created" | "worker_terminated"): Promise<void> {
    return this.publish(kind, this.#options.configuration);
  }

  error(jobId: number, message: string): Promise<void> {
    this.failedJobs++;
    return this.publish("job_error", toErrorResult(jobId, message));
  }

  describeStatus(current: CurrentJob | undefined, activity: Activity): ResponseBodies["worker_status"] {
    const worker = { ...this.#describe(), activity, system_info: this.#options.systemInfo.forStatus() };
    return { type: "status", job: current?.toResult() ?? null, worker };
  }

  blackList(jobIds: readonly number[]): Promise<void> {
    return this.publish("worker_black_list", { worker_description: this.#describe(), black_list: { job_ids: jobIds } });
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
    const message = encodeResponse("job_progression", body);
    return this.#options.transport.publish({ ...message, replaces: `progression ${current.serial}` });
  }

  updated(current: CurrentJob, failure: string | undefined): Promise<void> {
    const body = failure === undefined ? current.toResult("updated") : toErrorResult(current.id, failure);
    return this.publish("worker_updated", body);
  }

  /**
   * Answers the end of a job.
   *
   * @returns How the job's order is to be settled.
   */
  async end(current: CurrentJob, end: RunEnd): Promise<Settlement> {
    const settlement = await this.#answerEnd(current, end);
    if (settlement === "acknowledge") this.onJobEnded(end.status, current.durationSeconds);
    return settlement;
  }

  async #answerEnd(current: CurrentJob, end: RunEnd): Promise<Settlement> {
    // A job with a stop order is not delayed: it must not run again.
    if (end.status === "delayed" && current.holds("stopped")) await this.#stopped(current, undefined);
    else if (end.status === "delayed" && current.origin?.canDelay) {
      current.log.warn(end.message);
      return "delay";
    } else if (end.status === "delayed" || end.status === "error") await this.error(current.id, end.message);
    else if (end.status === "completed") await this.#result("job_completed", current.toResult("completed", end.result));
    else if (end.reason === "drain" && !current.phases.initialisedFirst && current.origin?.canRequeue) {
      current.log.warn("Shutting down: job returned to the queue.");
      return "requeue";
    } else await this.#stopped(current, end);
    return "acknowledge";
  }

  #stopped(current: CurrentJob, end: (RunEnd & { status: "stopped" }) | undefined): Promise<void> {
    return this.#result("job_stopped", current.toResult("stopped", end?.result));
  }

  // The broker would reject a larger message each time it is published again.
  #result(kind: "job_completed" | "job_stopped", body: ResponseBodies[typeof kind]): Promise<void> {
    const message = encodeResponse(kind, body);
    if (message.body.length <= maxResponseBytes) return this.#options.transport.publish(message);
    const text = `The job's results have ${message.body.length} bytes as JSON, more than the maximum of ${maxResponseBytes}. Write them to a file and return its path.`;
    return this.error(body.job_id, text);
  }

  #describe(): Omit<WorkerConfiguration, "parameters"> {
    const { parameters: _, ...worker } = this.#options.configuration;
    return worker;
  }
}
