import type { Frame as NativeFrame } from "node-av/lib";
import { MediaError } from "../errors.ts";
import type { Rational } from "../rational.ts";
import { toMs } from "../rational.ts";
import { detach } from "./detach.ts";
import { releaseNativeFrame } from "./native-frames.ts";

/** Memory that somebody outside still reads: never given back. */
const kept: NativeFrame[] = [];

/** Where the times of a stream's frames count from, and in which unit. */
export interface FrameClock {
  /** The unit of `pts`: after a filter the filter's own, not the stream's. */
  readonly timeBase: Rational;
  /** The first timestamp of the source. */
  readonly startTimeMs: number;
}

/**
 * One frame: a picture or a piece of sound. It lives until its handler has ended; then its native memory is given back,
 * planes that were kept are empty, and any use of the frame throws.
 */
export abstract class Frame {
  /** Its timestamp, in `timeBase`; counts from wherever the source begins. */
  readonly pts: bigint;
  /** The unit of `pts`. */
  readonly timeBase: Rational;
  /** From the start of the media, whatever its first timestamp is. */
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
   * The bytes of each plane, with the padding that FFmpeg adds to lines, but for the last; a view of FFmpeg's own memory,
   * without a copy. It is only to be read: the decoder makes later pictures from this one. Whatever works on it
   * asynchronously (a file, zlib, a model) has to be awaited in the handler; give it `packed()` or `samples()` otherwise.
   *
   * @throws {MediaError} `FRAME_RELEASED` after the handler; `FRAME_TRANSFERRED` if a plane's buffer was transferred.
   */
  get planes(): readonly Uint8Array[] {
    const { native } = this;
    this.#planes ??= Object.freeze(this.view(native));
    if (this.#planes.some(isDetached)) throw transferred();
    return this.#planes;
  }

  /**
   * What filters found out about the frame, and what the decoder knows of it: texts, by FFmpeg's own keys. Empty if there
   * is nothing. It is a copy and lasts. The documentation of each filter of FFmpeg says which keys it sets, and in which
   * units; some need an option, as `ebur128` does `metadata`.
   *
   * @throws {MediaError} `FRAME_RELEASED` after the handler.
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
    // Of sound with more than 8 channels `data` has not all, and one that is none.
    const planes = native.extendedData ?? [];
    // Not as the Buffers that they are: slice() of those is no copy.
    return planes.map(({ buffer, byteOffset, length }) => new Uint8Array(buffer, byteOffset, length));
  }

  /** @internal */
  get native(): NativeFrame {
    if (this.#native) return this.#native;
    throw new MediaError(
      "FRAME_RELEASED",
      "the frame was released when its handler ended; take what you need before, by packed(), tensor() or samples()",
    );
  }

  /** @internal Gives the memory back. @throws {MediaError} `FRAME_TRANSFERRED`; the memory is kept then. */
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

/** Releases frames, all of them. @throws {MediaError} `FRAME_TRANSFERRED`. */
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
  return new MediaError(
    "FRAME_TRANSFERRED",
    "the buffer of a plane was transferred, but it is FFmpeg's own memory; transfer a copy, by packed(), tensor() or samples()",
  );
}
