import type { FormatContext } from "node-av/lib";
import { ffmpeg } from "../ffmpeg.ts";
import { ByteReader } from "./byte-reader.ts";
import type { MemorySource } from "./memory-source.ts";

/** What became of opening a source. */
export interface Opened {
  /** FFmpeg's, below 0 if it could not be opened. */
  readonly code: number;
  readonly reader?: ByteReader;
  /** Lets go of the reader; after the source was closed. */
  readonly close?: () => void | Promise<void>;
  /** Makes it end, although more would come. */
  readonly stop?: () => void;
  /** Whether its streams were looked at. @default false */
  readonly isProbed?: boolean;
  /** How many peers there were, one after the other. */
  readonly connectionCount?: () => number;
}

/** Opens a kept source. */
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
