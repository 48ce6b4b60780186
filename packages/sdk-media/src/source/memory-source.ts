import type { FormatContext, IOContext } from "node-av/lib";
import { AVERROR_EOF, ffmpeg } from "../ffmpeg.ts";

/** A source that is no file: given by the test kit under a path of its own. */
export interface MemorySource {
  /** FFmpeg's name of the demuxer. @default found by looking at the bytes */
  readonly format?: string | undefined;
  /** What is opened: for `lavfi` the graph. @default nothing, the bytes are read */
  readonly url?: string | undefined;
  /** The demuxer's options, such as `sample_rate`. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /** The bytes, as they come. */
  readonly bytes?: AsyncIterable<Uint8Array> | undefined;
}

const scheme = "memory-source:";
const sources = new Map<string, MemorySource>();
let count = 0;

/** Keeps a source under a path, until {@link forgetSource}. */
export function keepSource(source: MemorySource): string {
  const path = `${scheme}${++count}`;
  sources.set(path, source);
  return path;
}

/** Lets go of a source. */
export function forgetSource(path: string): void {
  sources.delete(path);
}

/** The source that is kept under a path; undefined for every other path. */
export function findSource(path: string): MemorySource | undefined {
  return path.startsWith(scheme) ? sources.get(path) : undefined;
}

/** Opens a kept source; gives FFmpeg's code, and the reader that is to be freed after the source. */
export async function openMemorySource(
  native: FormatContext,
  source: MemorySource,
): Promise<{ code: number; reader: IOContext | undefined }> {
  const { Dictionary, InputFormat, IOContext } = ffmpeg();
  const format = source.format === undefined ? null : InputFormat.findInputFormat(source.format);
  const options = Dictionary.fromObject({ ...source.options });
  let reader: IOContext | undefined;
  if (source.bytes) {
    reader = new IOContext();
    reader.allocContextWithCallbacks(64 * 1024, 0, toRead(source.bytes));
    native.pb = reader;
  }
  return { code: await native.openInput(source.url ?? "", format, options), reader };
}

function toRead(bytes: AsyncIterable<Uint8Array>): (size: number) => Promise<Buffer | number> {
  const iterator = bytes[Symbol.asyncIterator]();
  let rest: Uint8Array = new Uint8Array(0);
  return async (size) => {
    while (rest.length === 0) {
      const next = await iterator.next();
      if (next.done) return AVERROR_EOF;
      rest = next.value;
    }
    const piece = rest.subarray(0, size);
    rest = rest.subarray(piece.length);
    return Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  };
}
