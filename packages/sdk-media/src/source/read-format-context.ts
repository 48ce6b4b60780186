import type { Dictionary, FormatContext as NativeFormatContext, Stream } from "node-av/lib";
import { AV_NOPTS_VALUE, AV_TIME_BASE, ffmpeg, pixelFormatName, sampleFormatName } from "../ffmpeg.ts";
import { type Rational, toMs } from "../rational.ts";
import { type FormatContext, type MediaStream, type StreamKind, toFormatContext } from "./format-context.ts";

const kinds: readonly StreamKind[] = ["video", "audio", "data", "subtitle", "attachment"];

/** Reads the properties of a source that FFmpeg has opened. */
export function readFormatContext(native: NativeFormatContext): FormatContext {
  const microseconds = (value: bigint) =>
    value === AV_NOPTS_VALUE ? undefined : toMs(value, { num: 1, den: AV_TIME_BASE });
  const packetSize = Number(native.getOption("packetsize") ?? 0);
  return toFormatContext({
    formatName: native.iformat?.name ?? "",
    formatLongName: native.iformat?.longName ?? "",
    bitRateBitsPerSecond: native.bitRate > 0n ? Number(native.bitRate) : undefined,
    durationMs: microseconds(native.duration),
    startTimeMs: microseconds(native.startTime),
    packetSizeBytes: packetSize > 0 ? packetSize : undefined,
    programCount: native.nbPrograms,
    streamCount: native.nbStreams,
    metadata: toRecord(native.metadata),
    streams: native.streams.map(readStream),
  });
}

function readStream(stream: Stream): MediaStream {
  const { avGetCodecName, avChannelLayoutDescribe } = ffmpeg();
  const { codecpar } = stream;
  const kind = kinds[codecpar.codecType] ?? "unknown";
  const timeBase = toRational(stream.timeBase);
  const metadata = toRecord(stream.metadata);
  const time = (pts: bigint) => (pts === AV_NOPTS_VALUE ? undefined : toMs(pts, timeBase));
  const rate = (value: Rational) => (value.num > 0 && value.den > 0 ? toRational(value) : undefined);
  return {
    index: stream.index,
    kind,
    codec: avGetCodecName(codecpar.codecId) ?? "unknown",
    timeBase,
    durationMs: stream.duration > 0n ? time(stream.duration) : undefined,
    startTimeMs: time(stream.startTime),
    frameCount: stream.nbFrames > 0n ? Number(stream.nbFrames) : undefined,
    language: metadata.language,
    metadata,
    ...(kind === "video" && {
      averageFrameRate: rate(stream.avgFrameRate),
      realFrameRate: rate(stream.rFrameRate),
      width: codecpar.width,
      height: codecpar.height,
      pixelFormat: pixelFormatName(codecpar.format),
    }),
    ...(kind === "audio" && {
      channels: codecpar.channels,
      channelLayout: avChannelLayoutDescribe(codecpar.channelLayout) ?? undefined,
      sampleRate: codecpar.sampleRate,
      sampleFormat: sampleFormatName(codecpar.format),
    }),
  };
}

function toRecord(dictionary: Dictionary | null): Record<string, string> {
  return { ...dictionary?.getAll() };
}

function toRational({ num, den }: Rational): Rational {
  return { num, den };
}
