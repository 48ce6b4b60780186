import { McaiError, markOwn } from "../errors.ts";
import type { Static, TObject } from "../schema/typebox.ts";
import type { AnyWorker } from "./define-worker.ts";
import { type Job, JobStopped } from "./job.ts";
import type { JobResult, ResultValue } from "./job-result.ts";
import type { WorkerMetadata } from "./metadata.ts";

/**
 * The key of a method that returns the definition of a worker. An object with this method can be the default export of
 * a module, instead of what {@link defineWorker} returns. {@link Worker} implements it; use it to write another base
 * class.
 *
 * @example
 * ```ts
 * export default { [workerDefinition]: () => defineWorker({ parameters, process }) };
 * ```
 */
export const workerDefinition: unique symbol = Symbol.for("@mcai/worker-sdk/definition");

/** The statuses that a {@link Worker} can set with {@link JobHandle.setJobStatus}. */
export type PortedJobStatus = "completed" | "stopped" | "error";

/** The return type of {@link Worker.process}: as in the Python SDK, with names in camelCase. */
export interface PortedResult {
  /** The files that the job has created. */
  readonly destinationPaths?: readonly string[];
  /** The results. `kind` is the type in the response, such as `string`, `integer`, `float` or `array_of_strings`. */
  readonly parameters?: readonly { readonly id: string; readonly kind: string; readonly value: ResultValue }[];
}

/**
 * The job of a {@link Worker}, with the method names of the Python SDK in camelCase.
 *
 * @example
 * ```ts
 * if (handle.isStopped()) handle.setJobStatus("stopped");
 * ```
 */
export class JobHandle {
  /** The job, for what the Python SDK does not have: signal, log, checkpoint. */
  readonly job: Job;
  #status: PortedJobStatus = "completed";
  // The text of the reference.
  #message = "No message for this error in worker";

  /** @param job - The job. */
  constructor(job: Job) {
    this.job = job;
  }

  /** The status that was set. @default `completed` */
  get status(): PortedJobStatus {
    return this.#status;
  }

  /** The error message that was set. */
  get errorMessage(): string {
    return this.#message;
  }

  /**
   * Reports the progress of the job.
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
   * Sets how the job ends when `process` returns.
   * @param status - `completed` by default.
   */
  setJobStatus(status: PortedJobStatus): void {
    this.#status = status;
  }

  /**
   * Sets the error message of a job that ends with status `error`.
   * @param message - What went wrong.
   */
  setErrorMessage(message: string): void {
    this.#message = message;
  }
}

/**
 * A worker as a class, for porting workers of the Python SDK: it has the same methods, in camelCase, with the same
 * order of arguments. Use {@link defineWorker} for new workers. State is kept in the instance, which is the default
 * export.
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
   * @param parameters - The schema of the parameters of a job.
   * @param metadata - Fields that override those of the package.json.
   */
  constructor(parameters: Parameters, metadata: Partial<WorkerMetadata> = {}) {
    this.#parameters = parameters;
    this.#metadata = metadata;
  }

  /** Runs once before the first job. */
  setup?(): unknown;

  /** Runs once when the worker shuts down. */
  teardown?(): unknown;

  /** Called with the parameters that an `update_process` changes. */
  updateProcess?(changed: Partial<Static<Parameters>>): unknown;

  /**
   * Runs a job.
   * @param handle - Progress, stop and status of the job.
   * @param parameters - The parameters of the job.
   * @param jobId - The id of the job.
   * @returns The result of the job. If it throws, the job fails with that error.
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
        if (handle.status === "error") throw markOwn(new McaiError("JOB_FAILED", handle.errorMessage));
        if (handle.status === "stopped") throw new JobStopped(undefined, { result });
        return result;
      },
    };
  }
}

/** Returns the definition of an exported {@link Worker}; any other value is returned as it is. */
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
