import type { FormatContext } from "node-av/lib";
import { AVMEDIA_TYPE_DATA, ffmpeg } from "../ffmpeg.ts";
import type { Attempt } from "./srt-connection.ts";

/** One connection to a peer that gets messages. Everything but `interrupt` may be under way only once. */
export class SrtSender implements Attempt {
  readonly #url: string;
  #native: FormatContext | undefined;
  #count = 0n;

  constructor(url: string) {
    this.#url = url;
  }

  async open(): Promise<number> {
    const { FormatContext, Rational } = ffmpeg();
    const native = new FormatContext();
    this.#native = native;
    // FFmpeg opens an output itself before there is anything that could interrupt it; `tee` opens it later, and can be.
    native.allocOutputContext2(null, "tee", `[f=data]${this.#url.replace(/[\\'|]/g, "\\$&")}`);
    const stream = native.newStream(null);
    stream.codecpar.codecType = AVMEDIA_TYPE_DATA;
    stream.timeBase = new Rational(1, 1000);
    const code = await native.writeHeader(null);
    if (code >= 0) return code;
    this.#native = undefined;
    await native[Symbol.asyncDispose]();
    return code;
  }

  /** Hands a piece to SRT, in messages of 1,316 bytes at most; gives FFmpeg's number. */
  async write(bytes: Buffer): Promise<number> {
    const packet = new (ffmpeg().Packet)();
    packet.alloc();
    try {
      packet.data = bytes;
      packet.streamIndex = 0;
      packet.pts = this.#count;
      packet.dts = this.#count++;
      return (await this.#native?.writeFrame(packet)) ?? -1;
    } finally {
      packet.free();
    }
  }

  /** Ends what waits; nothing can be written any more. */
  interrupt(): void {
    this.#native?.interrupt();
  }

  /** Leaves the peer. */
  async close(): Promise<void> {
    const native = this.#native;
    this.#native = undefined;
    await native?.writeTrailer();
    await native?.[Symbol.asyncDispose]();
  }
}
