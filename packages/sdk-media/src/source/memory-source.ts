/** A source of the test kit that need not be a file, registered under a path. */
export interface MemorySource {
  /** FFmpeg's name of the demuxer. @default detected from the bytes */
  readonly format?: string | undefined;
  /** The URL to open; for `lavfi`, the filter graph. @default none: `bytes` is read */
  readonly url?: string | undefined;
  /** Options of the demuxer, such as `sample_rate`. */
  readonly options?: Readonly<Record<string, string>> | undefined;
  /** The bytes of the source, in chunks of any size. */
  readonly bytes?: AsyncIterable<Uint8Array> | undefined;
}

const scheme = "memory-source:";
const sources = new Map<string, MemorySource>();
let count = 0;

/** Registers a source and returns its path, which is valid until {@link removeMemorySource}. */
export function addMemorySource(source: MemorySource): string {
  const path = `${scheme}${++count}`;
  sources.set(path, source);
  return path;
}

/** Removes a source. */
export function removeMemorySource(path: string): void {
  sources.delete(path);
}

/** Returns the source that is registered under a path, or undefined for any other path. */
export function findMemorySource(path: string): MemorySource | undefined {
  return path.startsWith(scheme) ? sources.get(path) : undefined;
}
