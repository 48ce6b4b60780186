import type { FormatContext } from "node-av/lib";
import { ffmpeg } from "../ffmpeg.ts";
import { ByteReader } from "./byte-reader.ts";
import type { MemorySource } from "./memory-source.ts";

/** The result of opening a source. */
export interface Opened {
  /** FFmpeg's return code; negative if the source could not be opened. */
  readonly code: number;
  readonly reader?: ByteReader;
  /** Releases the reader; called after FFmpeg has closed the source. */
  readonly close?: () => void | Promise<void>;
  /** Ends the source early. */
  readonly stop?: () => void;
  /** Whether the streams were already probed. @default false */
  readonly isProbed?: boolean;
  /** Returns the number of peers so far; only one is connected at a time. */
  readonly connectionCount?: () => number;
}

/** Opens a source of the test kit. */
export async function openMemorySource(
  native: FormatContext,
  source: MemorySource,
  signal: AbortSignal,
): Promise<Opened> {
  const { Dictionary, InputFormat, IOContext } = ffmpeg();
  const format = source.format === undefined ? null : InputFormat.findInputFormat(source.format);
  const options = Dictionary.fromObject({ ...source.options });
  const url = source.url ?? "";
  if (!source.bytes) return { code: await native.openInput(url, format, options) };
  const reader = new ByteReader(source.bytes, signal);
  const io = new IOContext();
  io.allocContextWithCallbacks(64 * 1024, 0, reader.read);
  native.pb = io;
  const close = () => {
    reader.close();
    io.freeContext();
  };
  return { code: await native.openInput(url, format, options), reader, close };
}
