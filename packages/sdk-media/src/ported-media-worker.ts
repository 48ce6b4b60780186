import {
  type LiveWorkerOptions,
  type Static,
  type TObject,
  type WorkerMetadata,
  workerDefinition,
} from "@mcai/worker-sdk";
import type { AudioFrame } from "./decode/audio-frame.ts";
import type { VideoFrame } from "./decode/video-frame.ts";
import { MediaError } from "./errors.ts";
import { defineMediaWorker, type MediaParameters } from "./media-worker.ts";
import type { FormatContext, MediaStream } from "./source/format-context.ts";
import { audioStream } from "./streams/audio-stream.ts";
import { type DataPacket, dataStream } from "./streams/data-stream.ts";
import type { Filter } from "./streams/filters.ts";
import type { StreamDescriptor } from "./streams/stream-descriptor.ts";
import { videoStream } from "./streams/video-stream.ts";

/** What {@link MediaWorker.processFrames} gets of a stream: pictures, sound or packets. */
export type PortedFrame = VideoFrame | AudioFrame | DataPacket;

type Handler = (frames: PortedFrame[]) => unknown;

/** Asks for a stream by its index, as the Python SDK does. */
abstract class PortedDescriptor {
  /** The stream's number in the source. */
  readonly index: number;
  /** Filters, applied in order. */
  readonly filters: readonly Filter[];

  /**
   * @param index - The stream's number in the source.
   * @param filters - Filters, applied in order.
   */
  constructor(index: number, filters: readonly Filter[] = []) {
    this.index = index;
    this.filters = filters;
  }

  /** @internal */
  abstract toDescriptor(stream: MediaStream, handler: Handler): StreamDescriptor;
}

/** Asks for the pictures of a stream. */
export class VideoStreamDescriptor extends PortedDescriptor {
  /** @internal */
  toDescriptor(stream: MediaStream, handler: Handler): StreamDescriptor {
    return videoStream(stream, { filters: this.filters }, handler);
  }
}

/** Asks for the sound of a stream. */
export class AudioStreamDescriptor extends PortedDescriptor {
  /** @internal */
  toDescriptor(stream: MediaStream, handler: Handler): StreamDescriptor {
    return audioStream(stream, { filters: this.filters }, handler);
  }
}

/** Asks for the packets of a stream that is not decoded. */
export class DataStreamDescriptor extends PortedDescriptor {
  /** @internal */
  toDescriptor(stream: MediaStream, handler: Handler): StreamDescriptor {
    return dataStream(stream, {}, handler);
  }
}

/**
 * A media worker as a class, for those who port one from the Python SDK: its method names in camelCase, its argument
 * order. New workers are better served by {@link defineMediaWorker}. State lives in the instance; export one as default.
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
   * @param parameters - The schema of the worker's own parameters; the five of every media worker are added.
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

  /**
   * Looks at the source and says which of its streams are wanted.
   * @param format - What the source holds.
   * @param parameters - The job's parameters.
   */
  abstract initProcess(
    format: FormatContext,
    parameters: Static<MediaParameters<Parameters>>,
  ): readonly PortedDescriptor[] | Promise<readonly PortedDescriptor[]>;

  /**
   * Gets the frames of a stream in batches; they are released when it has ended.
   * @param jobId - The job's id.
   * @param streamIndex - The stream's number in the source.
   * @param frames - At most `batch_size`, in their order.
   * @returns Written to `{"frames":[…]}` at the destination, as JSON; nothing if it is undefined or null.
   */
  abstract processFrames(jobId: number, streamIndex: number, frames: PortedFrame[]): unknown;

  /** Gets the parameters that an `update_process` changed. */
  updateProcess?(changed: Partial<Static<MediaParameters<Parameters>>>): unknown;

  /** Called once when the job has ended, however it did. */
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
          throw new MediaError("STREAM_INVALID", "initProcess: expected a list of stream descriptors");
        return {
          streams: (descriptors as readonly PortedDescriptor[]).map((descriptor) => {
            const { index } = descriptor;
            const stream = format.streams[index];
            if (!stream)
              throw new MediaError(
                "STREAM_NOT_FOUND",
                `there is no stream ${index}; the source has ${format.streamCount}`,
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
