import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveWorkerOptions, Order, Parameter, Static, TObject } from "@mcai/worker-sdk";
import { startTestWorker, type TestWorker, type TestWorkerOptions } from "@mcai/worker-sdk/testing";
import type { MediaWorker } from "../ported-media-worker.ts";
import { addMemorySource, removeMemorySource } from "../source/memory-source.ts";
import { isSrt } from "../srt/srt-address.ts";
import type { TestSource } from "./sources.ts";

/** Options of {@link startMediaJob}. */
export interface MediaJobOptions<Parameters extends TObject, Context> extends TestWorkerOptions<Context> {
  /** The source of the job. */
  readonly source: TestSource;
  /** The parameters, except the source and the destination. @default {} */
  readonly parameters?: Partial<Omit<Static<Parameters>, "source_path" | "destination_path">>;
}

/** The outcome of a media job. */
export interface MediaOutcome {
  /** The final status; `error` also if the source or the parameters are invalid, or the worker postponed the job. */
  readonly status: "completed" | "stopped" | "error";
  /** True if the worker threw `JobPostponed`, else absent. From the job queue the job would run again later. */
  readonly postponed?: true;
  /** The results by name. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The error message if the status is `error`, the reason of a postponed job; empty otherwise. */
  readonly message: string;
  /** The reported percentages, without the initial 0. */
  readonly progress: readonly number[];
  /** The names of the files that the job wrote. */
  readonly files: readonly string[];
  /**
   * Returns a written file, parsed as JSON; undefined if it does not exist.
   * @param name - The name of a file in the folder of the destination. @default the destination
   */
  output(name?: string): unknown;
  /**
   * Returns the text of a written file; undefined if it does not exist.
   * @param name - The name of a file in the folder of the destination. @default the destination
   */
  text(name?: string): string | undefined;
}

/** A media job that {@link startMediaJob} started. */
export interface TestMediaJob<Parameters extends TObject> {
  /** Sends an `update_process`; resolves when the worker has answered it. */
  update(changed: Partial<Static<Parameters>>): Promise<void>;
  /** Sends a `stop_process`. */
  stop(): void;
  /** Resolves with the outcome when the job has ended, also if it failed. */
  readonly result: Promise<MediaOutcome>;
}

const jobId = 1;
const destination = "output.json";

/**
 * Starts a job of a media worker in the thread of the test. The source need not be a file: see {@link source}.
 *
 * @param worker - The result of `defineMediaWorker`, or an instance of `MediaWorker`.
 * @param options - The source, the parameters and the context.
 *
 * @example
 * ```ts
 * const job = startMediaJob(worker, { source: source.lavfi("testsrc2=d=1"), parameters: { batch_size: 5 } });
 * expect((await job.result).output()).toEqual({ frames: [5, 5, 5, 5, 5] });
 * ```
 */
export function startMediaJob<Parameters extends TObject, Results extends TObject | undefined, Context>(
  worker: LiveWorkerOptions<Parameters, Results, Context> | MediaWorker<TObject>,
  options: MediaJobOptions<Parameters, Context>,
): TestMediaJob<Parameters> {
  const { source, parameters = {}, ...rest } = options;
  const path = typeof source === "string" ? source : addMemorySource(source);
  // Orders wait until the job has started or failed; but a job with an SRT source can wait indefinitely for its peer.
  let start: () => void = () => undefined;
  const hasStarted = new Promise<void>((resolve) => {
    start = resolve;
  });
  let postponed = false as boolean;
  const starting = startTestWorker(worker, {
    ...rest,
    onPostponed: (reason) => {
      postponed = true;
      rest.onPostponed?.(reason);
    },
    onResponse: (response) => {
      start();
      rest.onResponse?.(response);
    },
  });
  const send = async (order: Order) => {
    const test = await starting;
    await hasStarted;
    await test.send(order, { direct: true });
  };
  const run = async (): Promise<MediaOutcome> => {
    const test = await starting;
    const folder = await mkdtemp(join(tmpdir(), "mcai-media-"));
    try {
      const values = { ...parameters, source_path: path, destination_path: join(folder, destination) };
      const sent = test.send({ type: "job", job_id: jobId, parameters: toWire(values) }, { canDelay: false });
      if (isSrt(path)) start();
      await sent;
      return { ...(await readOutcome(test, folder)), ...(postponed && { postponed }) };
    } finally {
      await test.close();
      await rm(folder, { recursive: true });
      removeMemorySource(path);
    }
  };
  return {
    update: (changed) => send({ type: "update_process", job_id: jobId, parameters: toWire(changed) }),
    stop: () => void send({ type: "stop_process", job_id: jobId, parameters: [] }),
    result: run(),
  };
}

function toWire(values: object): Parameter[] {
  return Object.entries(values).map(([id, value]) => ({ id, type: typeof value, value: value as unknown }));
}

const statuses = { job_completed: "completed", job_stopped: "stopped", job_error: "error" } as const;

async function readOutcome(test: TestWorker, folder: string): Promise<Omit<MediaOutcome, "postponed">> {
  let status: MediaOutcome["status"] = "error";
  let results: readonly { id: string; value: unknown }[] = [];
  let paths: readonly string[] = [];
  const progress: number[] = [];
  for (const response of test.responses) {
    if (response.kind === "job_progression") progress.push(response.body.progression);
    if (response.kind !== "job_completed" && response.kind !== "job_stopped" && response.kind !== "job_error") continue;
    status = statuses[response.kind];
    results = response.body.parameters;
    paths = response.body.destination_paths;
  }
  const texts = new Map<string, string>();
  for (const path of paths)
    if (path.startsWith(folder)) texts.set(path.slice(folder.length + 1), await readFile(path, "utf8"));
  return {
    status,
    parameters: status === "error" ? {} : Object.fromEntries(results.map(({ id, value }) => [id, value])),
    message: status === "error" ? String(results[0]?.value) : "",
    progress: progress.slice(1),
    files: [...texts.keys()],
    output: (name = destination) => {
      const text = texts.get(name);
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    },
    text: (name = destination) => texts.get(name),
  };
}
