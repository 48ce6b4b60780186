import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveWorkerOptions, Order, Parameter, Static, TObject } from "@mcai/worker-sdk";
import { startTestWorker, type TestWorker, type TestWorkerOptions } from "@mcai/worker-sdk/testing";
import type { MediaWorker } from "../ported-media-worker.ts";
import { addMemorySource, removeMemorySource } from "../source/memory-source.ts";
import { isSrt } from "../srt/srt-address.ts";
import type { TestSource } from "./sources.ts";

/** What a media job is started with in a test. */
export interface MediaJobOptions<Parameters extends TObject, Context> extends TestWorkerOptions<Context> {
  /** The media. */
  readonly source: TestSource;
  /** The parameters but for source and destination. @default {} */
  readonly parameters?: Partial<Omit<Static<Parameters>, "source_path" | "destination_path">>;
}

/** How a media job ended. */
export interface MediaOutcome {
  /** `error` also when the source or the parameters were wrong. */
  readonly status: "completed" | "stopped" | "error";
  /** The results by name. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** The message of a job in error; empty otherwise. */
  readonly message: string;
  /** The percents that were reported, without the 0 at the start. */
  readonly progress: readonly number[];
  /** The names of the files that were written. */
  readonly files: readonly string[];
  /**
   * What was written to the destination, as JSON; undefined if nothing was.
   * @param name - Of another file beside it. @default the destination
   */
  output(name?: string): unknown;
  /**
   * What was written to the destination, as it is; undefined if nothing was.
   * @param name - Of another file beside it. @default the destination
   */
  text(name?: string): string | undefined;
}

/** A media job that runs in the test. */
export interface TestMediaJob<Parameters extends TObject> {
  /** Sends an `update_process`; resolves when it was answered. */
  update(changed: Partial<Static<Parameters>>): Promise<void>;
  /** Sends a `stop_process`. */
  stop(): void;
  /** How it ended; also for a job that failed. */
  readonly result: Promise<MediaOutcome>;
}

const jobId = 1;
const destination = "output.json";

/**
 * Starts a job of a media worker in the test's own thread, on a source that may need no file.
 *
 * @param worker - What `defineMediaWorker` returned, or an instance of `MediaWorker`.
 * @param options - The source, parameters, context.
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
  // Until the job has started, or ended before, there is nothing to update or to stop; but an SRT peer may never come.
  let begin: () => void = () => undefined;
  const begun = new Promise<void>((resolve) => {
    begin = resolve;
  });
  const started = startTestWorker(worker, {
    ...rest,
    onResponse: (response) => {
      begin();
      rest.onResponse?.(response);
    },
  });
  const send = async (order: Order) => {
    const test = await started;
    await begun;
    await test.send(order, { direct: true });
  };
  const run = async (): Promise<MediaOutcome> => {
    const test = await started;
    const folder = await mkdtemp(join(tmpdir(), "mcai-media-"));
    try {
      const given = { ...parameters, source_path: path, destination_path: join(folder, destination) };
      const sent = test.send({ type: "job", job_id: jobId, parameters: toWire(given) }, { canDelay: false });
      if (isSrt(path)) begin();
      await sent;
      return await readOutcome(test, folder);
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

async function readOutcome(test: TestWorker, folder: string): Promise<MediaOutcome> {
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
