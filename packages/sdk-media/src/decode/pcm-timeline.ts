/** Less than this is taken for jitter of the timestamps; it is shorter than a frame of any usual codec. */
export const jitterSeconds = 0.01;
/** A timestamp that is further ahead is an error: FFmpeg's own limit, its `dts_error_threshold`. */
const maxAheadSeconds = 30 * 3600;
/** So is one that is this far behind the end of the media. */
const maxPastEndSeconds = 10;
/** A timestamp that is further back means that they began anew: FFmpeg's own limit, its `dts_delta_threshold`. */
const maxBackSeconds = 10;

/** What is to be done before samples are added, in samples of each channel. */
export interface Placement {
  /** How much silence goes before them. */
  readonly silence: number;
  /** How many of them were there before. */
  readonly drop: number;
  /** What the operator should know; undefined if they follow what came before. */
  readonly message?: string;
}

/** Compares the timestamps of a run of samples with how many there were, so that neither time nor sound gets lost. */
export class PcmTimeline {
  readonly #rate: number;
  readonly #durationSeconds: number;
  /** How far what is counted is ahead of the timestamps, since those were last not believed. */
  #shift = 0;

  /**
   * @param rate - Samples a second.
   * @param durationMs - Of the media, if it is known.
   */
  constructor(rate: number, durationMs: number | undefined) {
    this.#rate = rate;
    this.#durationSeconds = (durationMs ?? Number.POSITIVE_INFINITY) / 1000;
  }

  /** Says where samples belong that claim a position, when another is next. */
  place(claimed: number, next: number): Placement {
    const offset = claimed + this.#shift - next;
    const seconds = offset / this.#rate;
    if (Math.abs(seconds) < jitterSeconds) return { silence: 0, drop: 0 };
    const at = `at ${this.#toMs(next)} ms`;
    const length = `${this.#toMs(Math.abs(offset))} ms`;
    const pastEndSeconds = (next + offset) / this.#rate - this.#durationSeconds;
    if (seconds > 0 && seconds <= maxAheadSeconds && pastEndSeconds <= maxPastEndSeconds)
      return { silence: offset, drop: 0, message: `${length} are missing ${at}, filled with silence` };
    if (seconds < 0 && seconds >= -maxBackSeconds)
      return { silence: 0, drop: -offset, message: `${length} ${at} are there twice, the second time is left out` };
    this.#shift -= offset;
    const how = seconds > 0 ? "ahead" : "back";
    return {
      silence: 0,
      drop: 0,
      message: `the timestamps jump ${how} by ${length} ${at}; what follows is counted on`,
    };
  }

  #toMs(samples: number): string {
    return ((samples * 1000) / this.#rate).toFixed(3);
  }
}
