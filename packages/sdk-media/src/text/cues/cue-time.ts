const timing =
  /^\s*(?:(\d{1,6}):)?(\d{1,2}):(\d{2})[.,](\d{3})\s*-->\s*(?:(\d{1,6}):)?(\d{1,2}):(\d{2})[.,](\d{3})(?:\s+(.*))?$/;

/** The times of a cue, and the WebVTT settings after them. */
export interface CueTiming {
  readonly startMs: number;
  readonly endMs: number;
  readonly settings: string | undefined;
}

/** Whether a line is a timing line. */
export function isTiming(line: string): boolean {
  return line.includes("-->");
}

/** Reads a timing line, whose hours are optional and can have up to six digits. Returns undefined if it is invalid. */
export function readTiming(line: string): CueTiming | undefined {
  const [whole, ...parts] = timing.exec(line) ?? [];
  if (whole === undefined) return undefined;
  const startMs = toMs(parts.slice(0, 4));
  const endMs = toMs(parts.slice(4, 8));
  if (startMs === undefined || endMs === undefined) return undefined;
  return { startMs, endMs, settings: parts[8]?.trim() || undefined };
}

/** Formats a time as `hh:mm:ss.mmm`, with more digits for the hours if needed. */
export function writeTime(timeMs: number, decimalMark: "." | ","): string {
  const digits = (value: number, count: number) => String(Math.floor(value)).padStart(count, "0");
  const [hours, minutes, seconds] = [timeMs / 3_600_000, (timeMs / 60_000) % 60, (timeMs / 1000) % 60];
  return `${digits(hours, 2)}:${digits(minutes, 2)}:${digits(seconds, 2)}${decimalMark}${digits(timeMs % 1000, 3)}`;
}

function toMs(parts: readonly (string | undefined)[]): number | undefined {
  const [hours = 0, minutes = 0, seconds = 0, milliseconds = 0] = parts.map((part) => Number(part ?? 0));
  if (minutes > 59 || seconds > 59) return undefined;
  return ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
}
