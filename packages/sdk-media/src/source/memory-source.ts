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

/** Keeps a source under a path, until {@link removeMemorySource}. */
export function addMemorySource(source: MemorySource): string {
  const path = `${scheme}${++count}`;
  sources.set(path, source);
  return path;
}

/** Lets go of a source. */
export function removeMemorySource(path: string): void {
  sources.delete(path);
}

/** The source that is kept under a path; undefined for every other path. */
export function findMemorySource(path: string): MemorySource | undefined {
  return path.startsWith(scheme) ? sources.get(path) : undefined;
}
