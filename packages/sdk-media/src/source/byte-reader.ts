import { AVERROR_EIO, AVERROR_EOF } from "../ffmpeg.ts";

/** Supplies the bytes of an iterable to FFmpeg, which requests them from its own thread. */
export class ByteReader {
  /** The error that the iterable threw. */
  failure: { readonly error: unknown } | undefined;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #isAborted: boolean;
  /** Ends the pending read. */
  #abort: () => void = () => undefined;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param signal - Ends a pending read, which FFmpeg's own interrupt does not reach. */
  constructor(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    this.#iterator = bytes[Symbol.asyncIterator]();
    this.#isAborted = signal.aborted;
    const abort = () => {
      this.#isAborted = true;
      this.#abort();
    };
    signal.addEventListener("abort", abort, { once: true });
  }

  /** Returns at most `size` bytes, or an error code of FFmpeg. */
  readonly read = async (size: number): Promise<Buffer | number> => {
    try {
      while (this.#rest.length === 0) {
        const next = await this.#next();
        if (!next) return AVERROR_EIO;
        if (next.done) return AVERROR_EOF;
        this.#rest = next.value;
      }
    } catch (error) {
      this.failure = { error };
      return AVERROR_EIO;
    }
    const piece = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(piece.length);
    return Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  };

  // Promise.race with a promise that lasts as long as the job would retain the result of every read until the job ends.
  #next(): Promise<IteratorResult<Uint8Array> | undefined> {
    return new Promise((resolve, reject) => {
      this.#abort = () => resolve(undefined);
      if (this.#isAborted) resolve(undefined);
      else this.#iterator.next().then(resolve, reject);
    });
  }

  /** Closes the iterable without waiting for it, since it may never settle. */
  close(): void {
    void Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
  }
}
