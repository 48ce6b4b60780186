import { McaiError } from "../errors.ts";
import type { Static, TObject } from "../schema/typebox.ts";
import type { Job } from "./job.ts";
import type { JobResult } from "./job-result.ts";
import type { WorkerMetadata } from "./metadata.ts";

type Returned<Results extends TObject | undefined> =
  | JobResult<Results>
  | undefined
  | void
  | Promise<JobResult<Results> | undefined | void>;

/**
 * An initialised job, as returned by `initProcess`. A `job` order runs it immediately; after an `init_process`, it runs
 * when `start_process` arrives. Keep the state of the job in the closure of these functions.
 */
export interface RunningProcess<Parameters extends TObject, Results extends TObject | undefined = undefined> {
  /** Does the work. The return value is the result of the job, unless `endingProcess` returns one. */
  run(): Returned<Results>;
  /**
   * Called with the parameters that an `update_process` changes, after they were merged with those of the job and
   * validated. A returned promise is awaited.
   */
  updateProcess?(changed: Partial<Static<Parameters>>): unknown;
  /**
   * Called exactly once at the end of every job whose `initProcess` succeeded, however the job ended. A return value
   * replaces the result of `run`.
   */
  endingProcess?(why: "completed" | "stopped" | "failed"): Returned<Results>;
}

/** The options that all workers have: schemas, context, and metadata that override those of the package.json. */
export interface WorkerOptions<Parameters extends TObject, Results extends TObject | undefined, Context>
  extends Partial<WorkerMetadata> {
  /** The schema of the parameters of a job. Undeclared parameters of an order are ignored. */
  readonly parameters: Parameters;
  /**
   * The schema of the result parameters. It determines their types in the response, and results are validated.
   * @default none: types by value
   */
  readonly results?: Results;
  /** Runs once before the first job, but not with `DESCRIBE`. Its return value is the last argument of `process`. */
  setup?(): Context | Promise<Context>;
  /** Runs once when the worker shuts down, and is awaited for at most `MCAI_STOP_GRACE_MS` (2 s by default). */
  teardown?(context: Context): unknown;
}

/** Options of {@link defineWorker}. */
export interface ProcessWorkerOptions<Parameters extends TObject, Results extends TObject | undefined, Context>
  extends WorkerOptions<Parameters, Results, Context> {
  /** Runs a job and returns its result. If it throws, the job fails with that error. */
  process(parameters: Static<Parameters>, job: Job<Results>, context: Context): Returned<Results>;
  /**
   * Called with the parameters that an `update_process` changes.
   * @default the changes are ignored, and the order is answered
   */
  updateProcess?(changed: Partial<Static<Parameters>>, job: Job<Results>, context: Context): unknown;
}

/** Options of {@link defineLiveWorker}. */
export interface LiveWorkerOptions<Parameters extends TObject, Results extends TObject | undefined, Context>
  extends WorkerOptions<Parameters, Results, Context> {
  /** Initialises a job. If it throws, the job fails with that error. */
  initProcess(
    parameters: Static<Parameters>,
    job: Job<Results>,
    context: Context,
  ): RunningProcess<Parameters, Results> | Promise<RunningProcess<Parameters, Results>>;
}

/** The return type of {@link defineWorker} and {@link defineLiveWorker}: the default export of a worker module. */
export type WorkerDefinition<
  Parameters extends TObject = TObject,
  Results extends TObject | undefined = TObject | undefined,
  Context = unknown,
> = ProcessWorkerOptions<Parameters, Results, Context> | LiveWorkerOptions<Parameters, Results, Context>;

/** A worker of any parameters, results and context, as the job thread uses it. */
export interface AnyWorker extends Partial<WorkerMetadata> {
  readonly parameters: TObject;
  readonly results?: TObject | undefined;
  setup?(): unknown;
  teardown?(context: unknown): unknown;
  process?(parameters: unknown, job: Job, context: unknown): unknown;
  updateProcess?(changed: unknown, job: Job, context: unknown): unknown;
  initProcess?(parameters: unknown, job: Job, context: unknown): AnyProcess | Promise<AnyProcess>;
}

/** A {@link RunningProcess} of any parameters and results. */
export interface AnyProcess {
  run(): unknown;
  updateProcess?(changed: unknown): unknown;
  endingProcess?(why: "completed" | "stopped" | "failed"): unknown;
}

/**
 * Defines a worker that runs each job in one function. All types are inferred: those of parameters and results from
 * their schemas, that of the context from `setup`.
 *
 * @param options - The worker's schemas and functions.
 * @returns The same object. Make it the default export of the module; {@link runWorker} starts it.
 * @throws {@link McaiError} `WORKER_INVALID` if not exactly one of `process` and `initProcess` is given, or if
 *   `parameters` is not an object schema.
 *
 * @example
 * ```ts
 * export default defineWorker({
 *   parameters: Type.Object({ source_path: Type.String(), threshold: Type.Number({ default: 0.5 }) }),
 *   async process({ source_path, threshold }, job) {
 *     const scores = await score(source_path, job.signal);
 *     return { parameters: { hits: scores.filter((s) => s > threshold).length } };
 *   },
 * });
 * ```
 */
export function defineWorker<
  Parameters extends TObject,
  Results extends TObject | undefined = undefined,
  Context = undefined,
>(options: ProcessWorkerOptions<Parameters, Results, Context>): ProcessWorkerOptions<Parameters, Results, Context> {
  checkWorker(options);
  return options;
}

/**
 * Defines a worker whose jobs are initialised before they start, and can be updated while they run. `init_process`
 * calls `initProcess`, which returns the {@link RunningProcess} that `start_process` runs. A `job` order does both.
 *
 * @param options - The worker's schemas and functions.
 * @returns The same object. Make it the default export of the module.
 * @throws {@link McaiError} `WORKER_INVALID`, for the same reasons as {@link defineWorker}.
 *
 * @example
 * ```ts
 * export default defineLiveWorker({
 *   parameters: Type.Object({ source_path: Type.String(), language: Type.String() }),
 *   async initProcess({ source_path, language }, job) {
 *     const source = await open(source_path, job.signal);
 *     return {
 *       run: () => source.translateAll(() => language),
 *       updateProcess: (changed) => void (language = changed.language ?? language),
 *       endingProcess: () => source.close(),
 *     };
 *   },
 * });
 * ```
 */
export function defineLiveWorker<
  Parameters extends TObject,
  Results extends TObject | undefined = undefined,
  Context = undefined,
>(options: LiveWorkerOptions<Parameters, Results, Context>): LiveWorkerOptions<Parameters, Results, Context> {
  checkWorker(options);
  return options;
}

/**
 * Checks that a value is a worker.
 *
 * @throws {@link McaiError} `WORKER_INVALID`, with the reason, if it is not.
 */
export function checkWorker(value: unknown): asserts value is AnyWorker {
  const invalid = (message: string) => new McaiError("WORKER_INVALID", message);
  if (typeof value !== "object" || value === null)
    throw invalid("expected what defineWorker({ parameters, process }) returns, or an instance of Worker");
  const worker = value as Partial<Record<string, unknown>>;
  for (const name of ["process", "initProcess", "setup", "teardown", "updateProcess"])
    if (worker[name] !== undefined && typeof worker[name] !== "function") throw invalid(`${name}: expected a function`);
  if (worker.process !== undefined && worker.initProcess !== undefined)
    throw invalid("expected either process or initProcess, and not both");
  if (worker.process === undefined && worker.initProcess === undefined)
    throw invalid(`expected process or initProcess; found ${Object.keys(worker).join(", ") || "an empty object"}`);
  for (const name of ["parameters", "results"]) {
    const schema = worker[name] as { type?: unknown; properties?: unknown } | undefined;
    if (schema === undefined && name === "results") continue;
    if (schema?.type !== "object" || typeof schema.properties !== "object")
      throw invalid(`${name}: expected an object schema, such as Type.Object({ … })`);
  }
}
