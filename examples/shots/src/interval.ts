import type { VideoFrame } from "@mcai/worker-sdk-media";

/** A part of the source. */
export interface Interval {
  readonly startMs: number;
  /** Exclusive: the start of the next frame. */
  readonly endMs: number;
  /** Timecode of the first frame; absent if the source has no timecode. */
  readonly startTimecode?: string;
  /** Timecode of the last frame. */
  readonly lastTimecode?: string;
}

/** An interval that grows frame by frame until it is closed. */
export class OpenInterval {
  readonly startMs: number;
  readonly #startTimecode: string | undefined;
  #lastTimecode: string | undefined;

  constructor(first: VideoFrame) {
    this.startMs = first.timeMs;
    this.#startTimecode = first.timecode;
    this.#lastTimecode = this.#startTimecode;
  }

  add(frame: VideoFrame): void {
    this.#lastTimecode = frame.timecode;
  }

  /** @param endMs - The start of the next frame. */
  close(endMs: number): Interval {
    return {
      startMs: toMicroseconds(this.startMs),
      endMs: toMicroseconds(endMs),
      ...(this.#startTimecode !== undefined && { startTimecode: this.#startTimecode }),
      ...(this.#lastTimecode !== undefined && { lastTimecode: this.#lastTimecode }),
    };
  }
}

// 1001/30 ms would be written with 14 decimals.
function toMicroseconds(timeMs: number): number {
  return Math.round(timeMs * 1000) / 1000;
}
