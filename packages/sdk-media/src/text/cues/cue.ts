/** A timed text, as the WebVTT and SubRip outputs write it. */
export interface Cue {
  /** When the text appears, from the start of the source. */
  readonly startMs: number;
  /** When the text disappears, from the start of the source; greater than `startMs`. */
  readonly endMs: number;
  /** The text as it is displayed, without tags and entities; lines are separated by `\n`. */
  readonly text: string;
  /** The cue identifier of WebVTT. The SubRip output ignores it and numbers the cues. @default none */
  readonly id?: string | undefined;
  /** The cue settings of WebVTT, such as `line:0 align:start`. @default none */
  readonly settings?: string | undefined;
}

/** A cue that was read from a stream. */
export interface StreamCue extends Cue {
  /** The text as in the source, with tags and entities. */
  readonly markup: string;
  /** The header lines after `WEBVTT`, without their leading `#`. */
  readonly headers: readonly string[];
  /**
   * The timestamp of the packet in which the cue starts, in the stream's time base; undefined if the packet has none.
   */
  readonly pts: bigint | undefined;
  /** The time of that packet, from the start of the source; undefined if it has no timestamp. */
  readonly timeMs: number | undefined;
}
