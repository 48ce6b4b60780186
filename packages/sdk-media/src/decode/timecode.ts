import type { FormatContext, MediaStream } from "../source/format-context.ts";

/**
 * Returns a function that computes the SMPTE timecode at a time of the source (SMPTE ST 12-1). The first frame of the
 * stream has the start timecode of the source, even if the audio starts some milliseconds earlier.
 */
export function readTimecode(format: FormatContext, stream: MediaStream): (timeMs: number) => string | undefined {
  const start = [stream, format, ...format.streams]
    .flatMap(({ metadata }) => Object.entries(metadata))
    // In Matroska, the key is in upper case.
    .find(([key]) => key.toLowerCase() === "timecode")?.[1];
  const rate = stream.averageFrameRate;
  const match = /^(\d\d):(\d\d):(\d\d)([:;.])(\d\d)$/.exec(start ?? "");
  if (!match || !rate) return () => undefined;
  const nominal = Math.round(rate.num / rate.den);
  // Drop frame skips 2 numbers per minute at 30 frames per second, 4 at 60, except in every tenth minute.
  const dropped = match[4] === ":" || nominal % 30 !== 0 ? 0 : nominal / 15;
  const [hours = 0, minutes = 0, seconds = 0, frames = 0] = [1, 2, 3, 5].map((group) => Number(match[group]));
  const totalMinutes = hours * 60 + minutes;
  const first =
    (totalMinutes * 60 + seconds) * nominal + frames - dropped * (totalMinutes - Math.floor(totalMinutes / 10));
  const startMs = (stream.startTimeMs ?? 0) - (format.startTimeMs ?? stream.startTimeMs ?? 0);
  return (timeMs) => toText(first + Math.round(((timeMs - startMs) * rate.num) / (rate.den * 1000)), nominal, dropped);
}

function toText(frame: number, nominal: number, dropped: number): string {
  const perMinute = nominal * 60 - dropped;
  const perTenMinutes = perMinute * 10 + dropped;
  const perDay = perTenMinutes * 144;
  const count = ((frame % perDay) + perDay) % perDay;
  const tens = Math.floor(count / perTenMinutes);
  const rest = count % perTenMinutes;
  const minutes = rest < nominal * 60 ? 0 : 1 + Math.floor((rest - nominal * 60) / perMinute);
  const number = count + dropped * (tens * 9 + minutes);
  const two = (value: number) => String(value).padStart(2, "0");
  const at = (unit: number, size: number) => two(Math.floor(number / unit) % size);
  const time = `${at(nominal * 3600, 24)}:${at(nominal * 60, 60)}:${at(nominal, 60)}`;
  return `${time}${dropped > 0 ? ";" : ":"}${two(number % nominal)}`;
}
