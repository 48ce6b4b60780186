import { MediaError } from "../errors.ts";
import type { Cue } from "../text/cues/cue.ts";
import type { Framing } from "./file-sink.ts";
import { Output } from "./output.ts";
import type { SrtSink } from "./srt-sink.ts";

/** What the outputs of cues share: each is checked, and none begins before the one that was written before it. */
export abstract class CueOutput extends Output<Cue> {
  #count = 0;
  #lastMs = 0;

  /** @internal */
  constructor(path: string, framing: Framing, peer: SrtSink | undefined) {
    // All that comes over a connection is what a file would be.
    super(path, framing, peer, { head: framing.head, tail: framing.separator });
  }

  /** @internal */
  protected toPiece(cue: Cue): string {
    const { startMs, endMs, text } = cue;
    if (typeof text !== "string") throw this.#refused(cue, "its text is none");
    if (!(startMs >= 0 && endMs > startMs && Number.isFinite(endMs)))
      throw this.#refused(cue, "expected startMs from 0, and an endMs after it");
    const start = Math.round(startMs);
    if (start < this.#lastMs)
      throw this.#refused(
        cue,
        `the one before begins at ${this.#lastMs} ms; write cues in the order in which they begin`,
      );
    const piece = this.toCue(cue, ++this.#count, { start, end: Math.max(Math.round(endMs), start + 1) });
    this.#lastMs = start;
    return piece;
  }

  /** A checked cue as the format has it, with its times in whole milliseconds. @internal */
  protected abstract toCue(cue: Cue, number: number, times: { readonly start: number; readonly end: number }): string;

  #refused({ startMs, endMs }: Cue, why: string): MediaError {
    return new MediaError(
      "OUTPUT_FAILED",
      `${this.path}: the cue from ${startMs} to ${endMs} ms cannot be written: ${why}`,
    );
  }
}
