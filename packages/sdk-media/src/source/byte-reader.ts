import { AVERROR_EIO, AVERROR_EOF } from "../ffmpeg.ts";

/** Hands the bytes of an iterable to FFmpeg, which asks for them from a thread of its own. */
export class ByteReader {
  /** What the iterable threw. */
  failure: { readonly error: unknown } | undefined;
  readonly #iterator: AsyncIterator<Uint8Array>;
  #isAborted: boolean;
  /** Ends the read that waits. */
  #abort: () => void = () => undefined;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param signal - Ends a read that waits, which FFmpeg's own interruption does not reach. */
  constructor(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    this.#iterator = bytes[Symbol.asyncIterator]();
    this.#isAborted = signal.aborted;
    const abort = () => {
      this.#isAborted = true;
      this.#abort();
    };
    signal.addEventListener("abort", abort, { once: true });
  }

  /** Gives at most as many bytes, or FFmpeg's number of an error. */
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

  // A race with a promise for the whole job would keep what each read gave until the job ends.
  #next(): Promise<IteratorResult<Uint8Array> | undefined> {
    return new Promise((resolve, reject) => {
      this.#abort = () => resolve(undefined);
      if (this.#isAborted) resolve(undefined);
      else this.#iterator.next().then(resolve, reject);
    });
  }

  /** Tells the iterable that no more is wanted. One that waits for ever is not waited for. */
  close(): void {
    void Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
  }
}
