import { type MediaError, mediaError } from "../errors.ts";
import type { Cue } from "../text/cues/cue.ts";
import type { Framing } from "./file-sink.ts";
import { Output } from "./output.ts";
import type { SrtSink } from "./srt-sink.ts";

/** Base class of outputs of cues. It validates each cue, and requires that none starts before the previous one. */
export abstract class CueOutput extends Output<Cue> {
  #count = 0;
  #lastMs = 0;

  /** @internal */
  constructor(path: string, framing: Framing, peer: SrtSink | undefined) {
    // The data of a connection has the format of a file.
    super(path, framing, peer, { head: framing.head, tail: framing.separator });
  }

  /** @internal */
  protected toPiece(cue: Cue): string {
    const { startMs, endMs, text } = cue;
    if (typeof text !== "string") throw this.#refused(cue, "its text is not a string");
    if (!(startMs >= 0 && endMs > startMs && Number.isFinite(endMs)))
      throw this.#refused(cue, "expected startMs of at least 0, and endMs after startMs");
    const start = Math.round(startMs);
    if (start < this.#lastMs)
      throw this.#refused(
        cue,
        `the previous one starts at ${this.#lastMs} ms; write cues in the order of their start times`,
      );
    const piece = this.toCue(cue, ++this.#count, { start, end: Math.max(Math.round(endMs), start + 1) });
    this.#lastMs = start;
    return piece;
  }

  /** Formats a validated cue, with its times in whole milliseconds. @internal */
  protected abstract toCue(cue: Cue, number: number, times: { readonly start: number; readonly end: number }): string;

  #refused({ startMs, endMs }: Cue, why: string): MediaError {
    return mediaError(
      "OUTPUT_FAILED",
      `${this.path}: the cue from ${startMs} to ${endMs} ms cannot be written: ${why}`,
    );
  }
}
