import { access, constants, stat } from "node:fs/promises";
import type { FormatContext as NativeFormatContext, Packet, Stream } from "node-av/lib";
import { MediaError, mediaError } from "../errors.ts";
import {
  AV_NOPTS_VALUE,
  AV_TIME_BASE,
  AVDISCARD_ALL,
  AVERROR_EOF,
  AVSEEK_FLAG_BACKWARD,
  errorText,
  ffmpeg,
  loadFFmpeg,
} from "../ffmpeg.ts";
import { ptsAtOrAfter, toMs } from "../rational.ts";
import { hidePassphrase, isSrt } from "../srt/srt-address.ts";
import type { SrtOptions } from "../srt/srt-options.ts";
import type { ByteReader } from "./byte-reader.ts";
import type { FormatContext } from "./format-context.ts";
import { findMemorySource } from "./memory-source.ts";
import { type Opened, openMemorySource } from "./open-memory-source.ts";
import { openSrtSource, readSrtSource } from "./open-srt-source.ts";
import { readFormatContext } from "./read-format-context.ts";

/** The maximum time that a network source may send nothing; FFmpeg expects microseconds. */
const networkTimeoutUs = 10_000_000;
/** The initial distance between the seek target and the requested time, which codecs need for decoding. */
const firstPrerollMs = 1000;

/** Containers in which seeking is accurate; all others are read from the beginning. */
const seekable = new Set(["mov", "mp4", "matroska", "webm", "mpegts", "wav", "mxf", "avi"]);

/** An open source, from which packets are read in order. */
export class Source {
  readonly format: FormatContext;
  readonly #native: NativeFormatContext;
  /** Whether the source is produced while it is read, and ends when its peer disconnects. */
  readonly isLive: boolean;
  readonly #isFile: boolean;
  readonly #canSeek: boolean;
  readonly #close: () => Promise<void>;
  readonly #reader: ByteReader | undefined;
  readonly #stop: (() => void) | undefined;
  readonly #connectionCount: (() => number) | undefined;
  #isStopped = false;
  #selected: readonly number[] = [];
  #startTimeUs: number | undefined;

  private constructor(native: NativeFormatContext, how: SourceParts) {
    this.#native = native;
    this.isLive = how.isLive;
    this.#isFile = how.isFile;
    this.#canSeek = how.canSeek;
    this.#reader = how.reader;
    this.#close = how.close;
    this.#stop = how.stop;
    this.#connectionCount = how.connectionCount;
    this.format = readFormatContext(native);
  }

  /**
   * Opens a file or a URL that FFmpeg supports. Rejects with the signal's reason if it aborts.
   *
   * @throws {@link MediaError} `SOURCE_NOT_FOUND`, `SOURCE_FORBIDDEN`, `SOURCE_EMPTY`, `SOURCE_INVALID` or
   *   `SOURCE_FAILED`, if the source cannot be opened.
   */
  static async open(path: string, signal: AbortSignal, srt: SrtOptions): Promise<Source> {
    const memory = findMemorySource(path);
    const isLive = isSrt(path);
    const peer = isLive && !memory ? readSrtSource(path, srt) : undefined;
    const isFile = !memory && !/^[a-z][a-z0-9+.-]+:/i.test(path) && (await checkFile(path));
    const { FormatContext } = await loadFFmpeg();
    signal.throwIfAborted();
    const native = new FormatContext();
    // Before the context is allocated, interrupt() has no effect, even while the source is being opened.
    native.allocContext();
    const interrupt = () => native.interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    const opened = memory
      ? await openMemorySource(native, memory, signal)
      : peer
        ? await openSrtSource(native, peer, signal)
        : await openUrl(native, path);
    const code = opened.code < 0 || opened.isProbed ? opened.code : await native.findStreamInfo();
    const close = async () => {
      signal.removeEventListener("abort", interrupt);
      await native.closeInput();
      await opened.close?.();
    };
    const { reader } = opened;
    if (code >= 0 && native.nbStreams > 0)
      return new Source(native, {
        isFile,
        isLive,
        canSeek: memory === undefined && !isLive,
        reader,
        close,
        stop: opened.stop,
        connectionCount: opened.connectionCount,
      });
    await close();
    signal.throwIfAborted();
    throw openError(path, code, reader);
  }

  /** Returns a stream by its index. @throws {@link MediaError} `STREAM_NOT_FOUND` if there is no such stream. */
  stream(index: number): Stream {
    const stream = this.#native.streams[index];
    if (stream) return stream;
    throw mediaError("STREAM_NOT_FOUND", `the source has no stream ${index}; it has ${this.#native.nbStreams} streams`);
  }

  /** The first timestamp of the source, in microseconds. */
  get startTimeUs(): number {
    const { startTime } = this.#native;
    return startTime === AV_NOPTS_VALUE ? (this.#startTimeUs ?? 0) : Number(startTime);
  }

  /** Makes FFmpeg skip the packets of all other streams. */
  select(indexes: ReadonlySet<number>): void {
    this.#selected = [...indexes];
    for (const stream of this.#native.streams) if (!indexes.has(stream.index)) stream.discard = AVDISCARD_ALL;
  }

  /**
   * Seeks to a position before `timeMs`, by at least the preroll.
   *
   * @param timeMs - The requested time, from the start of the source.
   * @param prerollMs - The distance to the requested time; the caller increases it until the first frame is early
   *   enough.
   * @returns False if the source has to be read from the beginning instead.
   */
  async seek(timeMs: number, index: number, prerollMs: number = firstPrerollMs): Promise<boolean> {
    const names = this.format.formatName.split(",");
    const targetMs = timeMs - prerollMs;
    if (!this.#canSeek || targetMs <= 0 || !names.some((name) => seekable.has(name))) return false;
    const { num, den } = this.stream(index).timeBase;
    // If timestamps are coarser than a sample, only counting samples from the beginning is exact.
    const isCoarse = this.format.streams.some(
      ({ kind, timeBase, sampleRate = 0 }) => kind === "audio" && timeBase.den < sampleRate * timeBase.num,
    );
    if (isCoarse && this.#selected.some((selected) => this.format.streams[selected]?.kind === "audio")) return false;
    const pts = ptsAtOrAfter(targetMs * 1000 + this.startTimeUs, { num, den });
    return (await this.#seek(index, pts)) >= 0;
  }

  /** Seeks to the first packet. */
  async rewind(): Promise<void> {
    if (!this.#canSeek) return;
    // Before the first timestamp there may be priming samples of a codec.
    const start = BigInt(Math.round(this.startTimeUs));
    const early = await this.#seek(-1, start - BigInt(AV_TIME_BASE));
    if (early < 0) await this.#seek(-1, start);
  }

  // Seeking in a source that is not a file can take long and must not block the thread.
  async #seek(index: number, pts: bigint): Promise<number> {
    return this.#isFile
      ? this.#native.seekFrameSync(index, pts, AVSEEK_FLAG_BACKWARD)
      : this.#native.seekFrame(index, pts, AVSEEK_FLAG_BACKWARD);
  }

  /**
   * Reads the next packet into a packet of the caller. Returns a promise only if the read can block.
   *
   * @returns False at the end of the source.
   * @throws {@link MediaError} `SOURCE_FAILED` if reading fails.
   */
  read(packet: Packet, signal: AbortSignal): boolean | Promise<boolean> {
    // Reading a file does not block for long, and a call through another thread costs 27 µs.
    if (this.#isFile) return this.#hasRead(this.#native.readFrameSync(packet), signal);
    return this.#native.readFrame(packet).then((code) => {
      if (code >= 0 && this.isLive) this.#markStart(packet);
      return this.#hasRead(code, signal);
    });
  }

  // A source whose streams were not probed has no start time: it starts with its first packet.
  #markStart({ pts, streamIndex }: Packet): void {
    if (this.#startTimeUs === undefined && pts !== AV_NOPTS_VALUE)
      this.#startTimeUs = toMs(pts, this.stream(streamIndex).timeBase) * 1000;
  }

  #hasRead(code: number, signal: AbortSignal): boolean {
    if (code >= 0) return true;
    signal.throwIfAborted();
    if (this.#isStopped) return false;
    const failure = this.#reader?.failure;
    if (code === AVERROR_EOF && !failure) return false;
    const reason = failure ? String(failure.error) : errorText(code);
    throw mediaError("SOURCE_FAILED", `reading the source failed: ${reason}`, { cause: failure?.error });
  }

  /**
   * The number of peers of a live source up to the last read. The data of one peer does not continue that of another.
   */
  get connectionCount(): number {
    return this.#connectionCount?.() ?? 1;
  }

  /** Ends a live source, also if a read is pending; has no effect on other sources. */
  stop(): void {
    this.#isStopped = this.#stop !== undefined;
    this.#stop?.();
  }

  /** Closes the source and releases its memory. */
  close(): Promise<void> {
    return this.#close();
  }
}

interface SourceParts {
  readonly isFile: boolean;
  readonly isLive: boolean;
  readonly canSeek: boolean;
  readonly reader: ByteReader | undefined;
  readonly close: () => Promise<void>;
  readonly stop: (() => void) | undefined;
  readonly connectionCount: (() => number) | undefined;
}

async function openUrl(native: NativeFormatContext, url: string): Promise<Opened> {
  const options: Record<string, string> = /^https?:/i.test(url) ? { rw_timeout: String(networkTimeoutUs) } : {};
  return { code: await native.openInput(url, null, ffmpeg().Dictionary.fromObject(options)) };
}

// Returns whether it is a regular file; reading from a pipe or a device can block.
async function checkFile(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) throw mediaError("SOURCE_INVALID", `${path} is a folder; expected a media file`);
    await access(path, constants.R_OK);
    if (found.isFile() && found.size === 0) throw mediaError("SOURCE_EMPTY", `${path} is empty`);
    return found.isFile();
  } catch (cause) {
    if (cause instanceof MediaError) throw cause;
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ENOTDIR")
      throw mediaError("SOURCE_NOT_FOUND", `${path} does not exist`, { cause });
    if (code === "EACCES" || code === "EPERM")
      throw mediaError("SOURCE_FORBIDDEN", `access to ${path} is denied`, { cause });
    throw mediaError("SOURCE_FAILED", `${path} cannot be opened: ${message}`, { cause });
  }
}

function openError(path: string, code: number, reader: ByteReader | undefined): MediaError {
  const shown = hidePassphrase(path.replace(/\/\/[^/@]*@/, "//"));
  if (reader?.failure) {
    const cause = reader.failure.error;
    return mediaError("SOURCE_FAILED", `${shown} cannot be opened: ${cause}`, { cause });
  }
  if (code >= 0) return mediaError("SOURCE_INVALID", `${shown} has no streams`);
  const text = errorText(code);
  if (code === AVERROR_INVALIDDATA || code === AVERROR_EOF)
    return mediaError(
      "SOURCE_INVALID",
      `${shown} is not a media file that FFmpeg can read, or it is truncated: ${text}`,
    );
  const missing = [-2, AVERROR_HTTP_NOT_FOUND].includes(code);
  const forbidden = [-13, AVERROR_HTTP_UNAUTHORIZED, AVERROR_HTTP_FORBIDDEN].includes(code);
  if (missing) return mediaError("SOURCE_NOT_FOUND", `${shown} does not exist: ${text}`);
  if (forbidden) return mediaError("SOURCE_FORBIDDEN", `access to ${shown} is denied: ${text}`);
  return mediaError("SOURCE_FAILED", `${shown} cannot be opened: ${text}`);
}

const AVERROR_INVALIDDATA = -1094995529;
const AVERROR_HTTP_UNAUTHORIZED = -825242872;
const AVERROR_HTTP_FORBIDDEN = -858797304;
const AVERROR_HTTP_NOT_FOUND = -875574520;
