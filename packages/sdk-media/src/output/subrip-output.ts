import type { Cue } from "../text/cues/cue.ts";
import { toMarkup } from "../text/cues/cue-markup.ts";
import { writeTime } from "../text/cues/cue-time.ts";
import { CueOutput } from "./cue-output.ts";
import type { SrtSink } from "./srt-sink.ts";

/**
 * Writes cues in the SubRip format, numbered from 1. Cues must be written in the order of their start times. SubRip has
 * no escapes: an invisible character (U+2060) is inserted into text that looks like a tag or a time, so that players
 * show it.
 *
 * @example
 * ```ts
 * await job.output.subrip("/out/fr.srt").write({ startMs: 1000, endMs: 2500, text: "Bonjour" });
 * ```
 */
export class SubripOutput extends CueOutput {
  /** @internal */
  constructor(path: string, peer?: SrtSink) {
    super(path, { head: "", separator: "\n", tail: "" }, peer);
  }

  /** @internal */
  protected toCue({ text }: Cue, number: number, { start, end }: { start: number; end: number }): string {
    return `${number}\n${writeTime(start, ",")} --> ${writeTime(end, ",")}\n${toMarkup(text, "subrip")}\n`;
  }
}
