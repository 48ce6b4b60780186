import {
  defineLiveWorker,
  JobPostponed,
  type JobResult,
  JobStopped,
  type LiveWorkerOptions,
  McaiError,
  type Static,
  type TInteger,
  type TObject,
  type TOptional,
  type TProperties,
  type TString,
  Type,
  type WorkerOptions,
} from "@mcai/worker-sdk";
import { mediaError } from "./errors.ts";
import { checkLiveOptions, type LiveOptions } from "./live-options.ts";
import { type MediaJob, toMediaJob } from "./media-job.ts";
import { MediaProcess } from "./media-process.ts";
import { Outputs } from "./output/outputs.ts";
import { allSinksClosed } from "./output/srt-sink.ts";
import type { FormatContext } from "./source/format-context.ts";
import { Source } from "./source/source.ts";
import { logIdleVariables } from "./srt/srt-settings.ts";
import { checkDescriptors, type StreamDescriptor } from "./streams/stream-descriptor.ts";

/** The parameters that are added to every media worker. */
export type MediaProperties = {
  /** The source: a path or a URL. */
  source_path: TString;
  /** Where the results of the handlers are written, as JSON. */
  destination_path: TString;
  /** The number of frames per call of a handler. @default 1 */
  batch_size: TInteger;
  /** Where to start, in milliseconds from the start of the source. @default 0 */
  sdk_start_index: TOptional<TInteger>;
  /** Where to stop, in milliseconds from the start of the source. @default its end */
  sdk_stop_index: TOptional<TInteger>;
};

const mediaProperties = (): MediaProperties => ({
  source_path: Type.String({ description: "The source: a path or a URL" }),
  destination_path: Type.String({ description: "Where the results of the handlers are written, as JSON" }),
  batch_size: Type.Integer({ default: 1, minimum: 1, description: "Frames per call of a handler" }),
  sdk_start_index: Type.Optional(Type.Integer({ minimum: 0, description: "Where to start, in milliseconds" })),
  sdk_stop_index: Type.Optional(Type.Integer({ minimum: 0, description: "Where to stop, in milliseconds" })),
});

/** The parameters of a media worker: its own and those of {@link MediaProperties}. */
export type MediaParameters<Parameters extends TObject> = TObject<Parameters["properties"] & MediaProperties>;

type Given<Results extends TObject | undefined> = JobResult<Results> | undefined | void;

/** An initialised media job: the streams that it requests, and callbacks for updates and the end of the job. */
export interface RunningMedia<Parameters extends TObject, Results extends TObject | undefined = undefined> {
  /** The requested streams, with their options and handlers; created by `videoStream` or another `…Stream` function. */
  readonly streams: readonly StreamDescriptor[];
  /** Receives the parameters that an `update_process` changed; the merged parameters are already validated. */
  updateProcess?(changed: Partial<Static<MediaParameters<Parameters>>>): unknown;
  /**
   * Called exactly once after a successful `initProcess`, before the outputs are completed; returns the job's results.
   */
  endingProcess?(why: "completed" | "stopped" | "failed"): Given<Results> | Promise<Given<Results>>;
}

/** Options of {@link defineMediaWorker}. */
export interface MediaWorkerOptions<Parameters extends TObject, Results extends TObject | undefined, Context>
  extends WorkerOptions<Parameters, Results, Context> {
  /** How live sources are processed. */
  readonly live?: LiveOptions;
  /**
   * Inspects the source and returns the streams to process. Keep the state of the job in the closure of the handlers.
   */
  initProcess(
    format: FormatContext,
    parameters: Static<MediaParameters<Parameters>>,
    job: MediaJob<Results>,
    context: Context,
  ): RunningMedia<Parameters, Results> | Promise<RunningMedia<Parameters, Results>>;
}

/**
 * Defines a worker that decodes media files and streams. It adds `source_path`, `destination_path`, `batch_size`,
 * `sdk_start_index` and `sdk_stop_index` to the parameters, to their types and to the worker's description.
 *
 * @param options - The worker's own schemas, and `initProcess`.
 * @returns The definition; make it the default export of the module.
 * @throws {@link McaiError} `WORKER_INVALID` if `parameters` declares one of the five, or an option is invalid.
 *
 * @example
 * ```ts
 * export default defineMediaWorker({
 *   parameters: Type.Object({ threshold: Type.Number({ default: 0.1 }) }),
 *   initProcess: (format, { threshold }) => ({
 *     streams: [videoStream(format.first("video"), { pixelFormat: "gray" }, ([frame]) => meanOf(frame) < threshold ? { timeMs: frame.timeMs } : undefined)],
 *   }),
 * });
 * ```
 */
export function defineMediaWorker<
  Parameters extends TObject,
  Results extends TObject | undefined = undefined,
  Context = undefined,
>(
  options: MediaWorkerOptions<Parameters, Results, Context>,
): LiveWorkerOptions<MediaParameters<Parameters>, Results, Context> {
  const { parameters, initProcess, live = {}, ...others } = options;
  checkLiveOptions(live);
  const own = mediaProperties();
  const declared = Object.keys(own).filter((id) => id in parameters.properties);
  if (declared.length > 0)
    throw new McaiError(
      "WORKER_INVALID",
      `defineMediaWorker: ${declared.join(", ")}: these parameters are added to every media worker; remove them from the schema`,
    );
  const properties: TProperties = { ...parameters.properties, ...own };
  const schema = Type.Object(properties) as unknown as MediaParameters<Parameters>;
  return defineLiveWorker<MediaParameters<Parameters>, Results, Context>({
    ...others,
    parameters: schema,
    async teardown(context) {
      await Promise.all([others.teardown?.(context), allSinksClosed()]);
    },
    async initProcess(values, job, context) {
      const common = values as Static<TObject<MediaProperties>>;
      logIdleVariables(job.log);
      const srt = { reconnect: live.reconnect ?? false, log: job.log };
      const outputs = new Outputs(common.destination_path, { ...srt, signal: job.signal });
      const mediaJob = toMediaJob(job, outputs);
      let source: Source;
      try {
        source = await Source.open(common.source_path, job.signal, srt);
      } catch (error) {
        await outputs.close();
        throw error;
      }
      let running: RunningMedia<Parameters, Results>;
      try {
        running = await initProcess(source.format, values, mediaJob, context);
        if (typeof running !== "object" || running === null)
          throw mediaError("STREAM_INVALID", `initProcess: expected { streams: […] }, got ${running}`);
      } catch (error) {
        await outputs.close();
        await source.close();
        throw nameOutputs(error, outputs);
      }
      const segment = { startMs: common.sdk_start_index, stopMs: common.sdk_stop_index };
      let process: MediaProcess | undefined;
      return {
        async run() {
          try {
            checkDescriptors(running.streams);
            const { maxWaitingBatches } = live;
            process = new MediaProcess(
              source,
              mediaJob,
              running.streams,
              segment,
              common.batch_size,
              maxWaitingBatches,
            );
            await process.run();
          } catch (error) {
            throw nameOutputs(error, outputs);
          }
        },
        ...(running.updateProcess && { updateProcess: (changed) => running.updateProcess?.(changed) }),
        async endingProcess(why) {
          process?.close();
          await source.close();
          try {
            const result = await running.endingProcess?.(why);
            if (why === "failed") return undefined;
            const paths = await outputs.complete();
            const given = result?.destinationPaths ?? [];
            const ended = { ...result, destinationPaths: [...new Set([...paths, ...given])] } as JobResult<Results>;
            if (!process || !source.isLive || live.maxWaitingBatches === undefined) return ended;
            // A stopped job may omit the results of its schema, but then it must have no results at all.
            if (others.results && why === "stopped" && result?.parameters === undefined) return ended;
            const counted: object = { ...result?.parameters, dropped_batches: process.droppedBatches };
            return { ...ended, parameters: counted } as JobResult<Results>;
          } catch (error) {
            throw nameOutputs(error, outputs);
          } finally {
            await outputs.close();
          }
        },
      };
    },
  });
}

// Output that was written before a failure may still be useful.
function nameOutputs(error: unknown, outputs: Outputs): unknown {
  const paths = outputs.partialPaths;
  if (error instanceof JobStopped || error instanceof JobPostponed) return error;
  if (error instanceof Error && paths.length > 0)
    error.message += `\nThe output that was written before the error is in ${paths.join(", ")}`;
  return error;
}
