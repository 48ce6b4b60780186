/** A part of the source in which someone speaks. */
export interface SpeechSegment {
  readonly startMs: number;
  readonly endMs: number;
}

/** The rules that turn probabilities into segments. */
export interface SpeechRules {
  /** Probability at which speech begins; it ends 0.15 below. */
  readonly threshold: number;
  /** Speech that is not longer than this is ignored. */
  readonly minimumSpeechMs: number;
  /** Silence shorter than this is part of the speech. */
  readonly minimumSilenceMs: number;
  /** Time added before and after the speech, as far as the pauses allow. */
  readonly paddingMs: number;
}

/** Duration of the audio that one probability rates. */
const stepMs = 32;

/**
 * Turns the probabilities of the model into segments, by the rules of Silero's `get_speech_timestamps`. A segment is complete
 * only when the next one or the end is known, because two segments share the silence between them if it is short.
 */
export class SpeechSegments {
  readonly #rules: SpeechRules;
  readonly #releaseThreshold: number;
  readonly #beginMs: number;
  #nowMs: number;
  #speechStartMs: number | undefined;
  #silenceStartMs: number | undefined;
  #last: SpeechSegment | undefined;

  /** @param beginMs - The time of the first sample in the source. */
  constructor(rules: SpeechRules, beginMs: number) {
    this.#rules = rules;
    this.#releaseThreshold = Math.max(rules.threshold - 0.15, 0.01);
    this.#beginMs = beginMs;
    this.#nowMs = beginMs;
  }

  /** Adds probabilities, and returns the segments that are complete now. */
  add(probabilities: Float32Array): SpeechSegment[] {
    const known: SpeechSegment[] = [];
    for (const probability of probabilities) {
      if (probability >= this.#rules.threshold) {
        this.#speechStartMs ??= this.#nowMs;
        this.#silenceStartMs = undefined;
      } else if (probability < this.#releaseThreshold && this.#speechStartMs !== undefined) {
        this.#silenceStartMs ??= this.#nowMs;
        if (this.#nowMs - this.#silenceStartMs >= this.#rules.minimumSilenceMs)
          known.push(...this.#endSpeech(this.#silenceStartMs));
      }
      this.#nowMs += stepMs;
    }
    return known;
  }

  /** Returns the remaining segments. @param endMs - The time of the end of the audio in the source. */
  end(endMs: number): SpeechSegment[] {
    const known = this.#endSpeech(endMs);
    if (this.#last) known.push({ ...this.#last, endMs: Math.min(endMs, this.#last.endMs + this.#rules.paddingMs) });
    this.#last = undefined;
    return known;
  }

  #endSpeech(endMs: number): SpeechSegment[] {
    const startMs = this.#speechStartMs;
    this.#speechStartMs = undefined;
    this.#silenceStartMs = undefined;
    if (startMs === undefined || endMs - startMs <= this.#rules.minimumSpeechMs) return [];
    const previous = this.#last;
    const { paddingMs } = this.#rules;
    if (!previous) {
      this.#last = { startMs: Math.max(this.#beginMs, startMs - paddingMs), endMs };
      return [];
    }
    const sharedMs = Math.min(paddingMs, (startMs - previous.endMs) / 2);
    this.#last = { startMs: startMs - sharedMs, endMs };
    return [{ ...previous, endMs: previous.endMs + sharedMs }];
  }
}
