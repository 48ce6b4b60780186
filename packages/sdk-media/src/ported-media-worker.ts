import {
  type LiveWorkerOptions,
  type Static,
  type TObject,
  type WorkerMetadata,
  workerDefinition,
} from "@mcai/worker-sdk";
import type { AudioFrame } from "./decode/audio-frame.ts";
import type { VideoFrame } from "./decode/video-frame.ts";
import { mediaError } from "./errors.ts";
import { defineMediaWorker, type MediaParameters } from "./media-worker.ts";
import type { FormatContext, MediaStream } from "./source/format-context.ts";
import { audioStream } from "./streams/audio-stream.ts";
import { type DataPacket, dataStream } from "./streams/data-stream.ts";
import type { Filter } from "./streams/filters.ts";
import type { StreamDescriptor } from "./streams/stream-descriptor.ts";
import { videoStream } from "./streams/video-stream.ts";

/** A frame or packet of a stream, as {@link MediaWorker.processFrames} receives it. */
export type PortedFrame = VideoFrame | AudioFrame | DataPacket;

type Handler = (frames: PortedFrame[]) => unknown;

/** Requests a stream by its index, as the Python SDK does. */
abstract class PortedDescriptor {
  /** The index of the stream in the source. */
  readonly index: number;
  /** The filters, in the order in which they are applied. */
  readonly filters: readonly Filter[];

  /**
   * @param index - The index of the stream in the source.
   * @param filters - The filters, in the order in which they are applied.
   */
  constructor(index: number, filters: readonly Filter[] = []) {
    this.index = index;
    this.filters = filters;
  }

  /** @internal */
  abstract toDescriptor(stream: MediaStream, handler: Handler): StreamDescriptor;
}

/** Requests the frames of a video stream. */
export class VideoStreamDescriptor extends PortedDescriptor {
  /** @internal */
  toDescriptor(stream: MediaStream, handler: Handler): StreamDescriptor {
    return videoStream(stream, { filters: this.filters }, handler);
  }
}

/** Requests the frames of an audio stream. */
export class AudioStreamDescriptor extends PortedDescriptor {
  /** @internal */
  toDescriptor(stream: MediaStream, handler: Handler): StreamDescriptor {
    return audioStream(stream, { filters: this.filters }, handler);
  }
}

/** Requests the packets of a stream that is not decoded. */
export class DataStreamDescriptor extends PortedDescriptor {
  /** @internal */
  toDescriptor(stream: MediaStream, handler: Handler): StreamDescriptor {
    return dataStream(stream, {}, handler);
  }
}

/**
 * Base class for media workers that are ported from the Python SDK: it has the same methods in camelCase, with the same
 * order of arguments. Use {@link defineMediaWorker} for new workers. State lives in the instance; export one as
 * default.
 *
 * @example
 * ```ts
 * class Counter extends MediaWorker {
 *   initProcess(format: FormatContext) {
 *     return [new VideoStreamDescriptor(format.first("video").index)];
 *   }
 *   processFrames(jobId: number, streamIndex: number, frames: PortedFrame[]) {
 *     return { job_id: jobId, stream: streamIndex, n: frames.length };
 *   }
 * }
 * export default new Counter(Type.Object({}));
 * ```
 */
export abstract class MediaWorker<Parameters extends TObject = TObject> {
  readonly #parameters: Parameters;
  readonly #metadata: Partial<WorkerMetadata>;

  /**
   * @param parameters - The schema of the worker's own parameters; those of {@link MediaProperties} are added.
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

  /**
   * Inspects the source and returns descriptors of the streams to process.
   * @param format - The source and its streams.
   * @param parameters - The job's parameters.
   */
  abstract initProcess(
    format: FormatContext,
    parameters: Static<MediaParameters<Parameters>>,
  ): readonly PortedDescriptor[] | Promise<readonly PortedDescriptor[]>;

  /**
   * Processes a batch of frames of a stream; they are released when the returned promise settles.
   * @param jobId - The id of the job.
   * @param streamIndex - The index of the stream in the source.
   * @param frames - At most `batch_size` frames, in stream order.
   * @returns A value that is written as JSON to `{"frames":[…]}` at the destination, unless it is undefined or null.
   */
  abstract processFrames(jobId: number, streamIndex: number, frames: PortedFrame[]): unknown;

  /** Receives the parameters that an `update_process` changed. */
  updateProcess?(changed: Partial<Static<MediaParameters<Parameters>>>): unknown;

  /** Called once when the job has ended, whatever its outcome. */
  endingProcess?(): unknown;

  /** @internal */
  [workerDefinition](): LiveWorkerOptions<MediaParameters<Parameters>, undefined, undefined> {
    return defineMediaWorker<Parameters>({
      ...this.#metadata,
      parameters: this.#parameters,
      setup: async () => {
        await this.setup?.();
        return undefined;
      },
      teardown: () => this.teardown?.(),
      initProcess: async (format, parameters, job) => {
        const descriptors = await this.initProcess(format, parameters);
        if (!Array.isArray(descriptors))
          throw mediaError("STREAM_INVALID", "initProcess: expected a list of stream descriptors");
        return {
          streams: (descriptors as readonly PortedDescriptor[]).map((descriptor) => {
            const { index } = descriptor;
            const stream = format.streams[index];
            if (!stream)
              throw mediaError(
                "STREAM_NOT_FOUND",
                `the source has no stream ${index}; it has ${format.streamCount} streams`,
              );
            return descriptor.toDescriptor(
              stream,
              async (frames) => (await this.processFrames(job.id, index, frames)) ?? undefined,
            );
          }),
          updateProcess: (changed) => this.updateProcess?.(changed),
          endingProcess: async () => {
            await this.endingProcess?.();
          },
        };
      },
    });
  }
}
