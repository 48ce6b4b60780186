/** A text that is shown for a time: what the WebVTT and SubRip outputs write. */
export interface Cue {
  /** From the start of the media. */
  readonly startMs: number;
  /** From the start of the media; after `startMs`. */
  readonly endMs: number;
  /** As it is shown: no tags, no entities; lines end with `\n`. */
  readonly text: string;
  /** WebVTT's identifier. SubRip has numbers instead, which its output counts itself. @default none */
  readonly id?: string | undefined;
  /** WebVTT's settings, such as `line:0 align:start`. @default none */
  readonly settings?: string | undefined;
}

/** A cue that was read from a stream. */
export interface StreamCue extends Cue {
  /** The text as the source has it, with its tags and entities. */
  readonly markup: string;
  /** What stood behind the `#` of each such line below `WEBVTT`. */
  readonly headers: readonly string[];
  /** Of the packet in which the cue began, in the stream's time base; undefined if that has none. */
  readonly pts: bigint | undefined;
  /** Of that packet, from the start of the media; undefined if it has no timestamp. */
  readonly timeMs: number | undefined;
}
