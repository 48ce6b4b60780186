import { wireTypeOf } from "../job-thread/encode-result.ts";
import type { Parameter } from "../order/order.ts";
import type { JobResultBody } from "../response/response.ts";
import type { Static, TObject } from "../schema/typebox.ts";
import type { WorkerDefinition } from "../worker/define-worker.ts";
import type { Worker } from "../worker/ported-worker.ts";
import { startTestWorker, type TestWorkerOptions } from "./test-worker.ts";

const storeMark: unique symbol = Symbol("fromStore");

/** A parameter whose value is read from a store, made by {@link fromStore}. */
export interface FromStore {
  readonly [storeMark]: true;
  readonly store: string;
  readonly key: string;
}

/**
 * Makes a parameter whose value the worker reads from a store, as an order can.
 *
 * @param store - The store's name, such as `BACKEND` or `environment`.
 * @param key - The key in the store.
 *
 * @example
 * ```ts
 * await runJob(worker, { token: fromStore("BACKEND", "FTP_TOKEN") }, { stores: { BACKEND: { FTP_TOKEN: "s3cret" } } });
 * ```
 */
export function fromStore(store: string, key: string): FromStore {
  return { [storeMark]: true, store, key };
}

/** Options of {@link runJob}. */
export interface RunJobOptions<Context = unknown> extends TestWorkerOptions<Context> {
  /** The job's id. @default 1 */
  readonly jobId?: number;
  /** Which attempt at the job this is: the number of earlier postponements, plus 1. @default 1 */
  readonly attempt?: number;
  /** Sends a stop order when the job has reported this percent or more. @default never */
  readonly stopAfterProgress?: number;
}

/** The outcome of a job. `Results` is the schema of the worker's results. */
export interface JobOutcome<Results extends TObject | undefined = undefined> {
  /** `error` also if the parameters or the result were invalid, or the worker postponed the job. */
  readonly status: "completed" | "stopped" | "error";
  /** True if the worker threw {@link JobPostponed}, else absent. From the job queue the job would run again later. */
  readonly postponed?: true;
  /** The results by name; none unless the job was completed or stopped. */
  readonly parameters: [Results] extends [TObject]
    ? Readonly<Partial<Static<Results>>>
    : Readonly<Record<string, unknown>>;
  /** The types of the results on the wire, by name. */
  readonly types: Readonly<Record<string, string>>;
  /** The destination paths of the result. */
  readonly destinationPaths: readonly string[];
  /** What the worker called `job.progress` with, in order. Not every call becomes a message. */
  readonly progress: readonly number[];
  /** The message if `status` is `error`, the reason of a postponed job, else an empty string. */
  readonly message: string;
}

type Given<Parameters extends TObject> = {
  readonly [Id in keyof Static<Parameters>]?: Static<Parameters>[Id] | FromStore;
};

/**
 * Runs one job of a worker in the test's own thread, with the real runtime. Parameters that are undefined are left out of
 * the order.
 *
 * @param worker - The value of {@link defineWorker} or {@link defineLiveWorker}, or an instance of {@link Worker}.
 * @param parameters - The value of each parameter, or {@link fromStore}.
 * @param options - Context, stores, environment, the attempt, and when to stop.
 * @returns The outcome. If the job failed, `status` is `error` and `message` is its message.
 * @throws {@link McaiError} `WORKER_INVALID` if it is not a worker, `SETUP_FAILED` if its `setup` throws.
 *
 * @example
 * ```ts
 * const outcome = await runJob(worker, { source_path: "a.wav" }, { context: fakeModel });
 * expect(outcome).toMatchObject({ status: "completed", parameters: { hits: 3 } });
 * ```
 */
export async function runJob<Parameters extends TObject, Results extends TObject | undefined, Context>(
  worker: WorkerDefinition<Parameters, Results, Context> | Worker<Parameters>,
  parameters: Given<Parameters>,
  options: RunJobOptions<Context> = {},
): Promise<JobOutcome<Results>> {
  const {
    jobId = 1,
    attempt = 1,
    stopAfterProgress = Number.POSITIVE_INFINITY,
    onResponse,
    onProgress,
    onPostponed,
    ...rest
  } = options;
  const progress: number[] = [];
  let isStopping = false;
  let postponed = false as boolean;
  const test = await startTestWorker(worker, {
    ...rest,
    onProgress: (percent, id) => {
      onProgress?.(percent, id);
      progress.push(percent);
    },
    onPostponed: (reason) => {
      onPostponed?.(reason);
      postponed = true;
    },
    onResponse: (response) => {
      onResponse?.(response);
      if (response.kind !== "job_progression") return;
      if (isStopping || response.body.progression < stopAfterProgress) return;
      isStopping = true;
      void test.send({ type: "stop_process", job_id: jobId, parameters: [] }, { direct: true });
    },
  });
  try {
    const delivery = { canDelay: false, softRejects: attempt - 1 };
    await test.send({ type: "job", job_id: jobId, parameters: toWire(parameters) }, delivery);
  } finally {
    await test.close();
  }
  const final = test.responses.find(({ kind }) => kind in statuses) as {
    kind: keyof typeof statuses;
    body: JobResultBody;
  };
  const { parameters: results, destination_paths: destinationPaths } = final.body;
  const failed = final.kind === "job_error";
  return {
    status: statuses[final.kind],
    ...(postponed && { postponed }),
    parameters: toValues(failed ? [] : results) as JobOutcome<Results>["parameters"],
    types: failed ? {} : Object.fromEntries(results.map(({ id, type }) => [id, type])),
    destinationPaths,
    progress,
    message: failed ? String(results[0]?.value) : "",
  };
}

const statuses = { job_completed: "completed", job_stopped: "stopped", job_error: "error" } as const;

function toValues(results: JobResultBody["parameters"]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(results.map(({ id, value }) => [id, value]));
}

function toWire(parameters: Readonly<Record<string, unknown>>): Parameter[] {
  return Object.entries(parameters).flatMap(([id, value]): Parameter[] => {
    if (value === undefined) return [];
    if (isFromStore(value)) return [{ id, type: "string", store: value.store, value: value.key }];
    return [{ id, type: id === "requirements" ? "requirements" : wireTypeOf(value), value }];
  });
}

function isFromStore(value: unknown): value is FromStore {
  return typeof value === "object" && value !== null && storeMark in value;
}
