import type { VideoFrame } from "@mcai/worker-sdk-media";

/** A part of the media. */
export interface Interval {
  readonly startMs: number;
  /** Where what follows begins: not part of it. */
  readonly endMs: number;
  /** Of its first frame; absent if the media has no timecode. */
  readonly startTimecode?: string;
  /** Of its last frame. */
  readonly lastTimecode?: string;
}

/** Grows frame by frame until it is closed. */
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

  /** @param endMs - Where what follows begins. */
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
