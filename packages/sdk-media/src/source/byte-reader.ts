import { AVERROR_EIO, AVERROR_EOF } from "../ffmpeg.ts";

/** Hands the bytes of an iterable to FFmpeg, which asks for them from a thread of its own. */
export class ByteReader {
  /** What the iterable threw. */
  failure: { readonly error: unknown } | undefined;
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #aborted: Promise<"aborted">;
  #rest: Uint8Array = new Uint8Array(0);

  /** @param signal - Ends a read that waits, which FFmpeg's own interruption does not reach. */
  constructor(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal) {
    this.#iterator = bytes[Symbol.asyncIterator]();
    this.#aborted = new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve("aborted"), { once: true });
      if (signal.aborted) resolve("aborted");
    });
  }

  /** Gives at most as many bytes, or FFmpeg's number of an error. */
  readonly read = async (size: number): Promise<Buffer | number> => {
    try {
      while (this.#rest.length === 0) {
        const next = await Promise.race([this.#iterator.next(), this.#aborted]);
        if (next === "aborted") return AVERROR_EIO;
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

  /** Tells the iterable that no more is wanted. One that waits for ever is not waited for. */
  close(): void {
    void Promise.resolve(this.#iterator.return?.()).catch(() => undefined);
  }
}
