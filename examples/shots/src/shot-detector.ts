import type { Filter, VideoFrame } from "@mcai/worker-sdk-media";
import { type Interval, OpenInterval } from "./interval.ts";

/** What counts as a cut, and as black. */
export interface DetectorOptions {
  /** How different two pictures are, from 0 to 100. */
  readonly cutThreshold: number;
  /** A cut that comes sooner after the one before is none. */
  readonly minimumShotMs: number;
  /** The brightest that a black pixel may be, from 0 to 1 (white). */
  readonly blackPixelThreshold: number;
  /** How much of a black picture is black, from 0 to 1. */
  readonly blackPictureRatio: number;
  /** Black that is shorter is none. */
  readonly minimumBlackMs: number;
}

/** A shot or an interval of black that has ended. */
export type Found = { readonly shot: Interval } | { readonly black: Interval };

/** FFmpeg's filters that look at the pictures. */
export function detectorFilters({ cutThreshold, blackPixelThreshold, blackPictureRatio }: DetectorOptions): Filter[] {
  return [
    { name: "scdet", parameters: { threshold: cutThreshold } },
    {
      name: "blackdetect",
      parameters: { pixel_black_th: blackPixelThreshold, picture_black_ratio_th: blackPictureRatio },
    },
  ];
}

/** Finds shots and intervals of black in the frames behind {@link detectorFilters}. */
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

  /** @param frameMs - How long the last frame is shown. */
  constructor(options: DetectorOptions, frameMs: number) {
    this.#options = options;
    this.#frameMs = frameMs;
  }

  /** Gives what ended just before this frame. */
  add(frame: VideoFrame): Found[] {
    const { metadata, timeMs } = frame;
    const size = `${frame.width}x${frame.height}`;
    // FFmpeg compares no pictures of different sizes, and begins to look for black anew.
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

  /** Gives what lasted to the end. */
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
