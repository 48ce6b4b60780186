import type { CodecContext, Frame as NativeFrame, Packet, Stream } from "node-av/lib";
import { MediaError, mediaError } from "../errors.ts";
import { AV_FRAME_FLAG_CORRUPT, AVERROR_EAGAIN, AVERROR_EOF, errorText, ffmpeg } from "../ffmpeg.ts";
import { acquireNativeFrame, releaseNativeFrame } from "./native-frames.ts";

type Take = (frame: NativeFrame) => Promise<void> | undefined;

/** Decodes one stream: all frames of each packet, and at the end those that the codec has buffered. */
export class Decoder {
  /** The number of packets or frames that FFmpeg reported as damaged. */
  damaged = 0;
  readonly #context: CodecContext;
  readonly #isVideo: boolean;
  /** An unused frame of the last call. */
  #spare: NativeFrame | undefined;

  /** @throws {@link MediaError} `DECODER_FAILED` if FFmpeg has no decoder for the stream, or cannot open it. */
  constructor(stream: Stream, kind: "video" | "audio", threads: number) {
    const { Codec, CodecContext, avGetCodecName } = ffmpeg();
    const { codecpar } = stream;
    const name = avGetCodecName(codecpar.codecId) ?? `number ${codecpar.codecId}`;
    const codec = Codec.findDecoder(codecpar.codecId);
    if (!codec)
      throw mediaError("DECODER_FAILED", `FFmpeg has no decoder for ${name}, the codec of stream ${stream.index}`);
    const context = new CodecContext();
    context.allocContext3(codec);
    let code = context.parametersToContext(codecpar);
    // Required for skipping the priming samples of a codec exactly.
    context.pktTimebase = stream.timeBase;
    context.threadCount = threads;
    if (code >= 0) code = context.open2Sync(codec);
    if (code < 0) {
      context.freeContext();
      throw mediaError(
        "DECODER_FAILED",
        `the decoder ${name} of stream ${stream.index} cannot be opened: ${errorText(code)}`,
      );
    }
    this.#context = context;
    this.#isVideo = kind === "video";
  }

  /**
   * Decodes a packet, or null at the end, and passes on all frames that are ready. Damage is counted and does not fail
   * the job. Returns a promise only if this is asynchronous.
   */
  push(packet: Packet | null, take: Take): Promise<void> | undefined {
    // Video packets take milliseconds and are decoded in another thread. The call costs 27 µs, too much for audio.
    if (this.#isVideo && packet) return this.#pushAsync(packet, take);
    this.#check(this.#context.sendPacketSync(packet));
    return this.#receive(take);
  }

  async #pushAsync(packet: Packet, take: Take): Promise<void> {
    this.#check(await this.#context.sendPacket(packet));
    await this.#receive(take);
  }

  #check(code: number): void {
    if (code < 0 && code !== AVERROR_EOF && code !== AVERROR_EAGAIN) this.damaged++;
  }

  #receive(take: Take): Promise<void> | undefined {
    for (;;) {
      const frame = this.#spare ?? acquireNativeFrame();
      const received = this.#context.receiveFrameSync(frame);
      this.#spare = received >= 0 ? undefined : frame;
      if (received >= 0) {
        if (frame.decodeErrorFlags !== 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) !== 0) this.damaged++;
        const taking = take(frame);
        if (taking) return taking.then(() => this.#receive(take));
        continue;
      }
      if (received === AVERROR_EAGAIN || received === AVERROR_EOF) return undefined;
      this.damaged++;
    }
  }

  close(): void {
    if (this.#spare) releaseNativeFrame(this.#spare);
    this.#spare = undefined;
    this.#context.freeContext();
  }
}
