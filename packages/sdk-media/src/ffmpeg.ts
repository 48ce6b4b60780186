import type {
  AVDiscard,
  AVLogLevel,
  AVMediaType,
  AVPacketSideDataType,
  AVPixelFormat,
  AVSampleFormat,
  AVSeekFlag,
} from "node-av/constants";
import type * as FFmpeg from "node-av/lib";
import { MediaError, mediaError } from "./errors.ts";

/** FFmpeg's libraries, as node-av exports them. */
export type Libraries = typeof FFmpeg;

// Values from FFmpeg's headers. Importing node-av's module of constants for them would take 50 ms.
export const AVERROR_EAGAIN = -11;
export const AVERROR_EIO = -5;
export const AVERROR_EOF = -541478725;
export const AV_NOPTS_VALUE = -9223372036854775808n;
export const AV_TIME_BASE = 1_000_000;
export const AVSEEK_FLAG_BACKWARD = 1 as AVSeekFlag;
export const AVDISCARD_ALL = 48 as AVDiscard;
export const AVMEDIA_TYPE_VIDEO = 0 as AVMediaType;
export const AVMEDIA_TYPE_AUDIO = 1 as AVMediaType;
export const AVMEDIA_TYPE_DATA = 2 as AVMediaType;
export const AV_FRAME_FLAG_CORRUPT = 1;
export const AV_PKT_FLAG_CORRUPT = 2;
export const AV_PKT_DATA_WEBVTT_IDENTIFIER = 16 as AVPacketSideDataType;
export const AV_PKT_DATA_WEBVTT_SETTINGS = 17 as AVPacketSideDataType;
export const AV_LOG_QUIET = -8 as AVLogLevel;
export const AV_LOG_ERROR = 16 as AVLogLevel;

let libraries: Libraries | undefined;

/**
 * Loads FFmpeg on the first call. This takes about 50 ms, so it is deferred until a job needs FFmpeg.
 *
 * @throws {@link MediaError} `FFMPEG_MISSING` if node-av's binary is not installed or does not run on this system.
 */
export async function loadFFmpeg(): Promise<Libraries> {
  if (libraries) return libraries;
  try {
    libraries = await import("node-av/lib");
    // FFmpeg must not write to standard error: damage is counted, and the reasons of failed calls are collected.
    libraries.Log.setLevel(AV_LOG_QUIET);
  } catch (cause) {
    const system = `${process.platform}-${process.arch}`;
    const name = `@seydx/node-av-${system}${process.platform === "win32" ? "-msvc" : ""}`;
    throw mediaError(
      "FFMPEG_MISSING",
      `FFmpeg could not be loaded: node-av's binary for ${system} is not installed or does not run here. It is the optional ` +
        `package ${name}: install without --omit=optional, on a system with glibc 2.28 or later (not Alpine).`,
      { cause },
    );
  }
  return libraries;
}

/** Returns FFmpeg's libraries, which {@link loadFFmpeg} must have loaded before. */
export function ffmpeg(): Libraries {
  if (!libraries) throw mediaError("FFMPEG_MISSING", "FFmpeg was used before it was loaded");
  return libraries;
}

/** Returns FFmpeg's message for an error code. */
export function errorText(code: number): string {
  return ffmpeg().FFmpegError.strerror(code);
}

/** Returns FFmpeg's name of a pixel format, or undefined if the format is unknown. */
export function pixelFormatName(format: number): string | undefined {
  return ffmpeg().avGetPixFmtName(format as AVPixelFormat) ?? undefined;
}

const lines = new Map<string, readonly number[]>();

/** Returns the number of bytes of a line in each plane, without padding. */
export function lineBytes(format: number, width: number): readonly number[] {
  const key = `${format} ${width}`;
  let bytes = lines.get(key);
  if (!bytes) {
    // FFmpeg requires a different alignment for a palette format, whose only plane has one byte per pixel.
    const isPalette = pixelFormatName(format) === "pal8";
    bytes = isPalette ? [width] : ffmpeg().avImageAlloc(width, 2, format as AVPixelFormat, 1).linesizes;
    lines.set(key, bytes);
  }
  return bytes;
}

const sampleFormats = new Map<number, string | undefined>();

/** Returns FFmpeg's name of a sample format, or undefined if the format is unknown. */
export function sampleFormatName(format: number): string | undefined {
  if (!sampleFormats.has(format))
    sampleFormats.set(format, ffmpeg().avGetSampleFmtName(format as AVSampleFormat) ?? undefined);
  return sampleFormats.get(format);
}
