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
 * A job that was initialised: made by `initProcess`, run at once for a `job`, or by the `start_process` that follows an
 * `init_process`. The state of a job is the closure of these functions.
 */
export interface RunningProcess<Parameters extends TObject, Results extends TObject | undefined = undefined> {
  /** Does the work. What it returns is the job's result, unless `endingProcess` returns one. */
  run(): Returned<Results>;
  /** Gets the parameters that an `update_process` changed; the merge with the job's own was validated before. Awaited. */
  updateProcess?(changed: Partial<Static<Parameters>>): unknown;
  /** Called exactly once after a successful `initProcess`, whatever happened then; what it returns is the result. */
  endingProcess?(why: "completed" | "stopped" | "failed"): Returned<Results>;
}

/** What both kinds of worker have: schemas, context, and any field of the package.json that is to be overridden. */
export interface WorkerOptions<Parameters extends TObject, Results extends TObject | undefined, Context>
  extends Partial<WorkerMetadata> {
  /** The schema of the job's parameters. Undeclared parameters of an order are ignored. */
  readonly parameters: Parameters;
  /** The schema of the result parameters: fixes their types on the wire and is checked. @default by value */
  readonly results?: Results;
  /** Runs once before the first job, never for DESCRIBE. Its value is the last argument of `process`. */
  setup?(): Context | Promise<Context>;
  /** Runs once when the worker goes down, for at most the stop grace (2 s by default); awaited. */
  teardown?(context: Context): unknown;
}

/** A worker that does a job in one function. */
export interface ProcessWorkerOptions<Parameters extends TObject, Results extends TObject | undefined, Context>
  extends WorkerOptions<Parameters, Results, Context> {
  /** Does one job: typed parameters in, results out. What it throws becomes the job's error. */
  process(parameters: Static<Parameters>, job: Job<Results>, context: Context): Returned<Results>;
  /** Gets the parameters that an `update_process` changed. @default they are ignored, and the order is answered */
  updateProcess?(changed: Partial<Static<Parameters>>, job: Job<Results>, context: Context): unknown;
}

/** A worker whose jobs are initialised first and may then run for long, be updated and stopped. */
export interface LiveWorkerOptions<Parameters extends TObject, Results extends TObject | undefined, Context>
  extends WorkerOptions<Parameters, Results, Context> {
  /** Prepares a job. What it throws becomes the job's error. */
  initProcess(
    parameters: Static<Parameters>,
    job: Job<Results>,
    context: Context,
  ): RunningProcess<Parameters, Results> | Promise<RunningProcess<Parameters, Results>>;
}

/** A worker as {@link defineWorker} or {@link defineLiveWorker} returns it: the default export of a worker's module. */
export type WorkerDefinition<
  Parameters extends TObject = TObject,
  Results extends TObject | undefined = TObject | undefined,
  Context = unknown,
> = ProcessWorkerOptions<Parameters, Results, Context> | LiveWorkerOptions<Parameters, Results, Context>;

/** A worker as the runtime sees it: of any parameters, results and context. */
export interface AnyWorker extends Partial<WorkerMetadata> {
  readonly parameters: TObject;
  readonly results?: TObject | undefined;
  setup?(): unknown;
  teardown?(context: unknown): unknown;
  process?(parameters: unknown, job: Job, context: unknown): unknown;
  updateProcess?(changed: unknown, job: Job, context: unknown): unknown;
  initProcess?(parameters: unknown, job: Job, context: unknown): AnyProcess | Promise<AnyProcess>;
}

/** A running process as the runtime sees it. */
export interface AnyProcess {
  run(): unknown;
  updateProcess?(changed: unknown): unknown;
  endingProcess?(why: "completed" | "stopped" | "failed"): unknown;
}

/**
 * Defines a worker. Every type is inferred: the parameters from their schema, the context from `setup`.
 *
 * @param options - The worker's schemas and functions.
 * @returns The same object, to be the module's default export. Nothing runs yet: {@link runWorker} starts it.
 * @throws {McaiError} `WORKER_INVALID` if there is neither or both of `process` and `initProcess`, or if `parameters` is
 *   no object schema.
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
 * Defines a worker whose jobs are initialised first, by an `init_process` that may come long before its start:
 * `initProcess` returns the running process. A plain `job` is initialised and run at once.
 *
 * @param options - The worker's schemas and functions.
 * @returns The same object, to be the module's default export.
 * @throws {McaiError} `WORKER_INVALID`, as {@link defineWorker}.
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

/** Refuses what is not a worker, and says why. */
export function checkWorker(value: unknown): asserts value is AnyWorker {
  const invalid = (message: string) => new McaiError("WORKER_INVALID", message);
  if (typeof value !== "object" || value === null)
    throw invalid("a worker is what defineWorker({ parameters, process }) returns, or an instance of Worker");
  const worker = value as Partial<Record<string, unknown>>;
  for (const name of ["process", "initProcess", "setup", "teardown", "updateProcess"])
    if (worker[name] !== undefined && typeof worker[name] !== "function") throw invalid(`${name}: expected a function`);
  if ((worker.process === undefined) === (worker.initProcess === undefined))
    throw invalid("a worker has either process or initProcess, and not both");
  for (const name of ["parameters", "results"]) {
    const schema = worker[name] as { type?: unknown; properties?: unknown } | undefined;
    if (schema === undefined && name === "results") continue;
    if (schema?.type !== "object" || typeof schema.properties !== "object")
      throw invalid(`${name}: expected the schema of an object, made by Type.Object({ … })`);
  }
}
