import type { FormatContext } from "node-av/lib";
import { AVMEDIA_TYPE_DATA, ffmpeg } from "../ffmpeg.ts";
import type { Attempt } from "./srt-connection.ts";

/** One connection that sends messages to a peer. Calls must not overlap, except `interrupt`. */
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
    // FFmpeg opens an ordinary output before it can be interrupted; `tee` opens it later, when it can.
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

  /** Sends bytes in messages of at most 1,316 bytes; resolves with FFmpeg's return code. */
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

  /** Ends pending calls; afterwards nothing can be written. */
  interrupt(): void {
    this.#native?.interrupt();
  }

  /** Disconnects from the peer. */
  async close(): Promise<void> {
    const native = this.#native;
    this.#native = undefined;
    await native?.writeTrailer();
    await native?.[Symbol.asyncDispose]();
  }
}
