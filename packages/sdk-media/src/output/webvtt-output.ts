import type { Cue } from "../text/cues/cue.ts";
import { toMarkup } from "../text/cues/cue-markup.ts";
import { writeTime } from "../text/cues/cue-time.ts";
import { CueOutput } from "./cue-output.ts";
import type { SrtSink } from "./srt-sink.ts";

/**
 * Writes cues in the WebVTT format. Cues must be written in the order of their start times. Their text is escaped.
 *
 * @example
 * ```ts
 * const vtt = job.output.webvtt("/out/fr.vtt");
 * await vtt.write({ startMs: 1000, endMs: 2500, text: "Bonjour" });
 * ```
 */
export class WebvttOutput extends CueOutput {
  /** @internal */
  constructor(path: string, peer?: SrtSink) {
    super(path, { head: "WEBVTT\n\n", separator: "\n", tail: "" }, peer);
  }

  /** @internal */
  protected toCue(
    { id, text, settings }: Cue,
    _number: number,
    { start, end }: { start: number; end: number },
  ): string {
    // Neither may contain a line break or the arrow of a timing line.
    const name = inLine(id).replaceAll("-->", "");
    const cueSettings = inLine(settings).replaceAll("-->", "");
    const times = `${writeTime(start, ".")} --> ${writeTime(end, ".")}${cueSettings && ` ${cueSettings}`}`;
    return `${name && `${name}\n`}${times}\n${toMarkup(text, "webvtt")}\n`;
  }
}

function inLine(text = ""): string {
  return text.replace(/[\r\n\0]+/g, " ").trim();
}
