import { isTiming, readTiming } from "./cue-time.ts";

/** The content of consecutive lines between blank lines. */
export type CueBlock =
  | {
      readonly kind: "cue";
      readonly id: string | undefined;
      readonly startMs: number;
      readonly endMs: number;
      readonly settings: string | undefined;
      readonly lines: readonly string[];
    }
  | { readonly kind: "headers"; readonly headers: readonly string[] }
  | { readonly kind: "error"; readonly message: string };

const signature = /^(?:WEBVTT|SUBRIP)(?:[ \t].*)?$/;
const skippedBlock = /^(?:NOTE|STYLE|REGION)(?:[ \t].*)?$/;

/**
 * Reads the lines between two blank lines. `WEBVTT` or `SUBRIP` starts a document, with headers after `#`. Comments,
 * styles and regions are skipped. A timing line within the text starts a new cue, as the WebVTT standard requires.
 */
export function readBlock(lines: readonly string[]): CueBlock[] {
  const timings = lines.flatMap((line, at) => (isTiming(line) ? [at] : []));
  // A cue starts at the identifier before its timing line, if there is one.
  const starts = timings.map((timing, i) => {
    const before = lines[timing - 1] ?? "";
    const isId = i === 0 ? !signature.test(before) && !isHeader(before) : /^\d+$/.test(before);
    return timing > 0 && isId ? timing - 1 : timing;
  });
  const lead = lines.slice(0, starts[0]);
  return [
    ...readLead(lead),
    ...timings.map((timing, i) => {
      const id = starts[i] === timing ? undefined : lines[timing - 1];
      return readCue(id, lines[timing] ?? "", lines.slice(timing + 1, starts[i + 1]));
    }),
  ];
}

function readLead(lines: readonly string[]): CueBlock[] {
  const [first = ""] = lines;
  if (lines.length === 0 || skippedBlock.test(first)) return [];
  if (!signature.test(first))
    return [{ kind: "error", message: `expected a cue with its times, got ${shortened(first)}` }];
  return [{ kind: "headers", headers: lines.filter(isHeader).map((line) => line.slice(1)) }];
}

function readCue(id: string | undefined, timingLine: string, lines: readonly string[]): CueBlock {
  const timing = readTiming(timingLine);
  const error = (why: string): CueBlock => ({ kind: "error", message: `${why}, got ${shortened(timingLine)}` });
  if (!timing) return error("expected times such as 00:00:01.000 --> 00:00:02.500");
  if (timing.endMs <= timing.startMs) return error("expected a cue that ends after it starts");
  return { kind: "cue", id, ...timing, lines };
}

function isHeader(line: string): boolean {
  return line.startsWith("#");
}

function shortened(line: string): string {
  return JSON.stringify(line.length > 80 ? `${line.slice(0, 80)}…` : line);
}
