/** Smaller differences are jitter of the timestamps; this is shorter than a frame of any common codec. */
export const jitterSeconds = 0.01;
/** A timestamp that is further ahead is an error. This is FFmpeg's `dts_error_threshold`. */
const maxAheadSeconds = 30 * 3600;
/** A timestamp that is further past the end of the source is an error too. */
const maxPastEndSeconds = 10;
/** A timestamp that is further back means that the timestamps restarted. This is FFmpeg's `dts_delta_threshold`. */
const maxBackSeconds = 10;

/** What to do before samples are added, in samples per channel. */
export interface Placement {
  /** The amount of silence to insert before them. */
  readonly silence: number;
  /** The number of them to drop, because they repeat earlier ones. */
  readonly drop: number;
  /** A warning for the log; undefined if they directly follow the previous ones. */
  readonly message?: string;
}

/** Compares the timestamps of audio with the number of samples so far, so that neither time nor audio is lost. */
export class PcmTimeline {
  readonly #rate: number;
  readonly #durationSeconds: number;
  /** The offset from timestamps to counted positions, which changes when timestamps jump. */
  #shift = 0;

  /**
   * @param rate - Samples per second.
   * @param durationMs - The duration of the source, if it is known.
   */
  constructor(rate: number, durationMs: number | undefined) {
    this.#rate = rate;
    this.#durationSeconds = (durationMs ?? Number.POSITIVE_INFINITY) / 1000;
  }

  /** Places samples whose timestamp is the position `claimed`, when `next` is the next free position. */
  place(claimed: number, next: number): Placement {
    const offset = claimed + this.#shift - next;
    const seconds = offset / this.#rate;
    if (Math.abs(seconds) < jitterSeconds) return { silence: 0, drop: 0 };
    const at = `at ${this.#toMs(next)} ms`;
    const length = `${this.#toMs(Math.abs(offset))} ms`;
    const pastEndSeconds = (next + offset) / this.#rate - this.#durationSeconds;
    if (seconds > 0 && seconds <= maxAheadSeconds && pastEndSeconds <= maxPastEndSeconds)
      return { silence: offset, drop: 0, message: `${length} are missing ${at} and were filled with silence` };
    if (seconds < 0 && seconds >= -maxBackSeconds)
      return { silence: 0, drop: -offset, message: `${length} ${at} are repeated and were dropped` };
    this.#shift -= offset;
    const how = seconds > 0 ? "ahead" : "back";
    return {
      silence: 0,
      drop: 0,
      message: `the timestamps jump ${how} by ${length} ${at}; the audio continues without a gap`,
    };
  }

  #toMs(samples: number): string {
    return ((samples * 1000) / this.#rate).toFixed(3);
  }
}
