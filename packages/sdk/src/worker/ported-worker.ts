import { McaiError } from "../errors.ts";
import type { Static, TObject } from "../schema/typebox.ts";
import type { AnyWorker } from "./define-worker.ts";
import { type Job, JobStopped } from "./job.ts";
import type { JobResult, ResultValue } from "./job-result.ts";
import type { WorkerMetadata } from "./metadata.ts";

/**
 * The key of a method that gives a worker's definition: an object that has it may be a module's default export in place of
 * what {@link defineWorker} returns. The class {@link Worker} has it; for those who make another class of their own.
 *
 * @example
 * ```ts
 * export default { [workerDefinition]: () => defineWorker({ parameters, process }) };
 * ```
 */
export const workerDefinition: unique symbol = Symbol.for("@mcai/worker-sdk/definition");

/** The statuses that a {@link Worker} may set by its job handle. */
export type PortedJobStatus = "completed" | "stopped" | "error";

/** What {@link Worker.process} returns: as in the Python SDK, with the names of TypeScript. */
export interface PortedResult {
  /** The files that the job made. */
  readonly destinationPaths?: readonly string[];
  /** The results; `kind` is their type on the wire, such as `string`, `integer`, `float` or `array_of_strings`. */
  readonly parameters?: readonly { readonly id: string; readonly kind: string; readonly value: ResultValue }[];
}

/**
 * The job as a {@link Worker} sees it, with the names of the Python SDK.
 *
 * @example
 * ```ts
 * if (handle.isStopped()) handle.setJobStatus("stopped");
 * ```
 */
export class JobHandle {
  /** The job of this SDK, for all that the Python SDK does not have: signal, log, checkpoint. */
  readonly job: Job;
  #status: PortedJobStatus = "completed";
  // The reference's words.
  #message = "No message for this error in worker";

  /** @param job - The job that it stands for. */
  constructor(job: Job) {
    this.job = job;
  }

  /** The status that was set; `completed` unless another was. */
  get status(): PortedJobStatus {
    return this.#status;
  }

  /** The message that was set for a job in error. */
  get errorMessage(): string {
    return this.#message;
  }

  /**
   * Reports how far the job is.
   * @param progression - 0 to 100.
   */
  publishJobProgression(progression: number): void {
    this.job.progress(progression);
  }

  /** Whether the job was asked to stop. */
  isStopped(): boolean {
    return this.job.stopped;
  }

  /**
   * Chooses how the job ends when `process` returns.
   * @param status - `completed` unless it is set.
   */
  setJobStatus(status: PortedJobStatus): void {
    this.#status = status;
  }

  /**
   * Gives the message of a job that ends in error.
   * @param message - What went wrong.
   */
  setErrorMessage(message: string): void {
    this.#message = message;
  }
}

/**
 * A worker as a class, for those who port one from the Python SDK: its method names in camelCase, its argument order.
 * New workers are better served by {@link defineWorker}. State lives in the instance; export one as default.
 *
 * @example
 * ```ts
 * const parameters = Type.Object({ action: Type.String() });
 * class Subtitler extends Worker<typeof parameters> {
 *   process(handle: JobHandle, { action }: Static<typeof parameters>, jobId: number) {
 *     handle.publishJobProgression(50);
 *     return { parameters: [{ id: "action", kind: "string", value: `${action} of ${jobId}` }] };
 *   }
 * }
 * export default new Subtitler(parameters);
 * ```
 */
export abstract class Worker<Parameters extends TObject = TObject> {
  readonly #parameters: Parameters;
  readonly #metadata: Partial<WorkerMetadata>;

  /**
   * @param parameters - The schema of the job's parameters.
   * @param metadata - Fields that are to override those of the package.json.
   */
  constructor(parameters: Parameters, metadata: Partial<WorkerMetadata> = {}) {
    this.#parameters = parameters;
    this.#metadata = metadata;
  }

  /** Runs once before the first job. */
  setup?(): unknown;

  /** Runs once when the worker goes down. */
  teardown?(): unknown;

  /** Gets the parameters that an `update_process` changed. */
  updateProcess?(changed: Partial<Static<Parameters>>): unknown;

  /**
   * Does one job.
   * @param handle - The job: progress, stop, status.
   * @param parameters - Its parameters.
   * @param jobId - Its id.
   * @returns Its results. What it throws becomes the job's error.
   */
  abstract process(
    handle: JobHandle,
    parameters: Static<Parameters>,
    jobId: number,
  ): PortedResult | undefined | void | Promise<PortedResult | undefined | void>;

  /** @internal */
  [workerDefinition](): AnyWorker {
    return {
      ...this.#metadata,
      parameters: this.#parameters,
      setup: () => this.setup?.(),
      teardown: () => this.teardown?.(),
      updateProcess: (changed) => this.updateProcess?.(changed as Partial<Static<Parameters>>),
      process: async (parameters, job) => {
        const handle = new JobHandle(job);
        const result = toJobResult(await this.process(handle, parameters as Static<Parameters>, job.id));
        if (handle.status === "error") throw new McaiError("JOB_FAILED", handle.errorMessage);
        if (handle.status === "stopped") throw new JobStopped(undefined, { result });
        return result;
      },
    };
  }
}

/** The definition behind what a worker's module exports: that of a {@link Worker}, or the value itself. */
export function toDefinition(exported: unknown): unknown {
  const make = (exported as Partial<Record<typeof workerDefinition, () => AnyWorker>> | null | undefined)?.[
    workerDefinition
  ];
  return typeof make === "function" ? make.call(exported) : exported;
}

function toJobResult(returned: PortedResult | undefined | void): JobResult {
  const { destinationPaths = [], parameters = [] } = returned ?? {};
  const typed = parameters.map(({ id, kind, value }) => [id, { type: kind, value }] as const);
  return { destinationPaths, parameters: Object.fromEntries(typed) };
}
