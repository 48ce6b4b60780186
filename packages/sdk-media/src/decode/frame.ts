import type { Frame as NativeFrame } from "node-av/lib";
import { type MediaError, mediaError } from "../errors.ts";
import type { Rational } from "../rational.ts";
import { toMs } from "../rational.ts";
import { detach } from "./detach.ts";
import { releaseNativeFrame } from "./native-frames.ts";

/** Frames whose memory may still be in use elsewhere; it is never freed. */
const kept: NativeFrame[] = [];

/** The start and the unit of the times of a stream's frames. */
export interface FrameClock {
  /** The unit of `pts`; after a filter, that of the filter, not of the stream. */
  readonly timeBase: Rational;
  /** The first timestamp of the source. */
  readonly startTimeMs: number;
}

/**
 * A frame of video or audio. It is valid until its handler has ended. Then its native memory is released, planes that
 * are still referenced become empty, and any use of the frame throws. Source: FFmpeg's `AVFrame`.
 */
export abstract class Frame {
  /** The timestamp in `timeBase`; the first timestamp of a source need not be 0. */
  readonly pts: bigint;
  /** The unit of `pts`. */
  readonly timeBase: Rational;
  /** The time from the start of the source, whatever its first timestamp is. */
  readonly timeMs: number;
  #native: NativeFrame | undefined;
  #planes: readonly Uint8Array[] | undefined;
  #metadata: Readonly<Record<string, string>> | undefined;

  /** @internal */
  constructor(native: NativeFrame, clock: FrameClock) {
    this.#native = native;
    this.pts = native.pts;
    this.timeBase = clock.timeBase;
    this.timeMs = toMs(this.pts, clock.timeBase) - clock.startTimeMs;
  }

  /**
   * The bytes of each plane, with the padding that FFmpeg adds to all lines except the last. This is a view of FFmpeg's
   * memory, not a copy. Do not modify it: the decoder uses it for later frames. Await asynchronous work on it (a file,
   * zlib, a model) in the handler; otherwise pass a copy from `packed()` or `samples()`.
   *
   * @throws {@link MediaError} `FRAME_RELEASED` after the handler has ended; `FRAME_TRANSFERRED` if a plane's buffer
   *   was transferred.
   */
  get planes(): readonly Uint8Array[] {
    const { native } = this;
    this.#planes ??= Object.freeze(this.view(native));
    if (this.#planes.some(isDetached)) throw transferred();
    return this.#planes;
  }

  /**
   * The metadata that filters and the decoder attached to the frame: strings by FFmpeg's keys, empty if there are none.
   * It is a copy and stays valid. The documentation of each FFmpeg filter lists its keys and their units; some filters
   * require an option, such as `metadata` of `ebur128`.
   *
   * @throws {@link MediaError} `FRAME_RELEASED` after the handler has ended.
   *
   * @example
   * ```ts
   * videoStream(format.first("video"), { filters: [{ name: "scdet" }] }, ([frame]) =>
   *   frame.metadata["lavfi.scd.time"] === undefined ? undefined : { timeMs: frame.timeMs, score: frame.metadata["lavfi.scd.score"] });
   * ```
   */
  get metadata(): Readonly<Record<string, string>> {
    if (this.#metadata) return this.#metadata;
    const dictionary = this.native.getMetadata();
    this.#metadata = dictionary.getAll();
    dictionary.free();
    return this.#metadata;
  }

  /** @internal */
  protected view(native: NativeFrame): Uint8Array[] {
    // For audio with more than 8 channels, `data` lacks planes and has an invalid one.
    const planes = native.extendedData ?? [];
    // Converted, because slice() of a Buffer does not copy.
    return planes.map(({ buffer, byteOffset, length }) => new Uint8Array(buffer, byteOffset, length));
  }

  /** @internal */
  get native(): NativeFrame {
    if (this.#native) return this.#native;
    throw mediaError(
      "FRAME_RELEASED",
      "the frame was released when its handler ended; copy what you need before that, with packed(), tensor() or samples()",
    );
  }

  /**
   * Releases the memory.
   *
   * @throws {@link MediaError} `FRAME_TRANSFERRED` if a plane's buffer was transferred; the memory is not freed then.
   * @internal
   */
  release(): void {
    const native = this.#native;
    const planes = this.#planes ?? [];
    this.#native = undefined;
    this.#planes = undefined;
    this.#metadata = undefined;
    if (!native) return;
    const lost = planes.some(isDetached);
    detach(planes);
    if (lost) {
      kept.push(native);
      throw transferred();
    }
    releaseNativeFrame(native);
  }
}

/** Releases all frames. @throws {@link MediaError} `FRAME_TRANSFERRED` if a plane's buffer was transferred. */
export function releaseAll(frames: readonly Frame[]): void {
  const errors: unknown[] = [];
  for (const frame of frames) {
    try {
      frame.release();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}

function isDetached({ buffer }: Uint8Array): boolean {
  return buffer.byteLength === 0;
}

function transferred(): MediaError {
  return mediaError(
    "FRAME_TRANSFERRED",
    "the buffer of a plane was transferred, but it is FFmpeg's memory; transfer a copy instead, from packed(), tensor() or samples()",
  );
}
