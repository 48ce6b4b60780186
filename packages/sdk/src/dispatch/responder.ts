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

/** The largest response, in bytes: what RabbitMQ takes from 4.0 on by default. */
const maxResponseBytes = 16 * 1024 * 1024;

/** What a {@link Responder} is made of. */
export interface ResponderOptions {
  readonly transport: Transport;
  readonly configuration: WorkerConfiguration;
  readonly systemInfo: SystemInfo;
  readonly log: Log;
}

/** Says what becomes of a job and how the worker is. Each method resolves once its response is safe. */
export class Responder {
  /** How many jobs were answered with an error. */
  failed = 0;
  /** Hears of each job that was answered for good. */
  onEnded: (status: string, durationSeconds: number) => void = () => undefined;
  readonly #options: ResponderOptions;

  constructor(options: ResponderOptions) {
    this.#options = options;
  }

  publish<Kind extends ResponseKind>(kind: Kind, body: ResponseBodies[Kind]): Promise<void> {
    return this.#options.transport.publish(encodeResponse(kind, body));
  }

  sayConfiguration(kind: "worker_created" | "worker_terminated"): Promise<void> {
    return this.publish(kind, this.#options.configuration);
  }

  error(jobId: number, message: string): Promise<void> {
    this.failed++;
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

  /** Answers the end of a job; resolves with what is to become of its order. */
  async end(current: CurrentJob, end: RunEnd): Promise<Settlement> {
    const settlement = await this.#answerEnd(current, end);
    if (settlement === "acknowledge") this.onEnded(end.status, current.durationSeconds);
    return settlement;
  }

  async #answerEnd(current: CurrentJob, end: RunEnd): Promise<Settlement> {
    const log = this.#options.log.forJob(current.id);
    // A job that was to stop is not brought again, whatever it lacks.
    if (end.status === "delayed" && current.holds("stopped")) await this.#stopped(current, undefined);
    else if (end.status === "delayed" && current.origin?.canDelay) {
      log.warn(end.message);
      return "delay";
    } else if (end.status === "delayed" || end.status === "error") await this.error(current.id, end.message);
    else if (end.status === "completed") await this.#result("job_completed", current.toResult("completed", end.result));
    else if (end.reason === "drain" && !current.live && current.origin?.canRequeue) {
      log.warn("The worker is going down: the job is given back.");
      return "requeue";
    } else await this.#stopped(current, end);
    return "acknowledge";
  }

  #stopped(current: CurrentJob, end: (RunEnd & { status: "stopped" }) | undefined): Promise<void> {
    return this.#result("job_stopped", current.toResult("stopped", end?.result));
  }

  // A message that the broker refuses would be published again and again.
  #result(kind: "job_completed" | "job_stopped", body: ResponseBodies[typeof kind]): Promise<void> {
    const message = encodeResponse(kind, body);
    if (message.body.length <= maxResponseBytes) return this.#options.transport.publish(message);
    const text = `the job's results have ${message.body.length} bytes as JSON, and a response at most ${maxResponseBytes}; write them to a file and return its path`;
    return this.error(body.job_id, text);
  }

  #describe(): Omit<WorkerConfiguration, "parameters"> {
    const { parameters: _, ...worker } = this.#options.configuration;
    return worker;
  }
}
