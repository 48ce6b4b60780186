import type { Filter, VideoFrame } from "@mcai/worker-sdk-media";
import { type Interval, OpenInterval } from "./interval.ts";

/** What counts as a cut, and as black. */
export interface DetectorOptions {
  /** Minimum difference between two frames for a cut, from 0 to 100. */
  readonly cutThreshold: number;
  /** A cut sooner than this after the previous one is ignored. */
  readonly minimumShotMs: number;
  /** Maximum brightness of a black pixel, from 0 (black) to 1 (white). */
  readonly blackPixelThreshold: number;
  /** Minimum share of black pixels in a black frame, from 0 to 1. */
  readonly blackPictureRatio: number;
  /** Shorter black intervals are ignored. */
  readonly minimumBlackMs: number;
}

/** A shot or a black interval that has ended. */
export type Found = { readonly shot: Interval } | { readonly black: Interval };

/** Returns FFmpeg's filters that examine the frames. */
export function detectorFilters({ cutThreshold, blackPixelThreshold, blackPictureRatio }: DetectorOptions): Filter[] {
  return [
    { name: "scdet", parameters: { threshold: cutThreshold } },
    {
      name: "blackdetect",
      parameters: { pixel_black_th: blackPixelThreshold, picture_black_ratio_th: blackPictureRatio },
    },
  ];
}

/** Finds shots and black intervals in frames that went through {@link detectorFilters}. */
export class ShotDetector {
  shots = 0;
  blackIntervals = 0;
  blackMs = 0;
  readonly #options: DetectorOptions;
  #shot: OpenInterval | undefined;
  #black: OpenInterval | undefined;
  #size = "";
  #lastMs = 0;
  readonly #frameMs: number;

  /** @param frameMs - Duration of the last frame. */
  constructor(options: DetectorOptions, frameMs: number) {
    this.#options = options;
    this.#frameMs = frameMs;
  }

  /** Returns the shot and the black interval that ended just before this frame, if any. */
  add(frame: VideoFrame): Found[] {
    const { metadata, timeMs } = frame;
    const size = `${frame.width}x${frame.height}`;
    // FFmpeg does not compare frames of different sizes, and starts its search for black again.
    const resized = this.#shot !== undefined && size !== this.#size;
    const startsBlack = metadata["lavfi.black_start"] !== undefined;
    const endsBlack = metadata["lavfi.black_end"] !== undefined || (resized && !startsBlack);
    const found = [
      ...(endsBlack ? this.#endBlack(timeMs) : []),
      ...(this.#isCut(frame, resized) ? this.#endShot(timeMs) : []),
    ];
    if (startsBlack) this.#black ??= new OpenInterval(frame);
    this.#shot ??= new OpenInterval(frame);
    this.#black?.add(frame);
    this.#shot.add(frame);
    this.#size = size;
    this.#lastMs = timeMs;
    return found;
  }

  /** Returns the shot and the black interval that lasted to the end, if any. */
  end(): Found[] {
    const endMs = this.#lastMs + this.#frameMs;
    return [...this.#endBlack(endMs), ...this.#endShot(endMs)];
  }

  #isCut({ metadata, timeMs }: VideoFrame, resized: boolean): boolean {
    const isDifferent = resized || metadata["lavfi.scd.time"] !== undefined;
    return isDifferent && this.#shot !== undefined && timeMs - this.#shot.startMs >= this.#options.minimumShotMs;
  }

  #endShot(endMs: number): Found[] {
    const shot = this.#shot?.close(endMs);
    this.#shot = undefined;
    if (!shot) return [];
    this.shots++;
    return [{ shot }];
  }

  #endBlack(endMs: number): Found[] {
    const black = this.#black?.close(endMs);
    this.#black = undefined;
    if (!black || black.endMs - black.startMs < this.#options.minimumBlackMs) return [];
    this.blackIntervals++;
    this.blackMs += black.endMs - black.startMs;
    return [{ black }];
  }
}
