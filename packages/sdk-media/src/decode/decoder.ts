import type { CodecContext, Frame as NativeFrame, Packet, Stream } from "node-av/lib";
import { MediaError } from "../errors.ts";
import { AV_FRAME_FLAG_CORRUPT, AVERROR_EAGAIN, AVERROR_EOF, errorText, ffmpeg } from "../ffmpeg.ts";
import { acquireNativeFrame, releaseNativeFrame } from "./native-frames.ts";

type Take = (frame: NativeFrame) => Promise<void> | undefined;

/** Decodes one stream: every frame of every packet, and at the end those that the codec kept back. */
export class Decoder {
  /** How many packets or frames FFmpeg called damaged. */
  damaged = 0;
  readonly #context: CodecContext;
  readonly #isVideo: boolean;
  /** The frame that the last call left empty. */
  #spare: NativeFrame | undefined;

  /** @throws {MediaError} `DECODER_FAILED`. */
  constructor(stream: Stream, kind: "video" | "audio", threads: number) {
    const { Codec, CodecContext, avGetCodecName } = ffmpeg();
    const { codecpar } = stream;
    const name = avGetCodecName(codecpar.codecId) ?? `number ${codecpar.codecId}`;
    const codec = Codec.findDecoder(codecpar.codecId);
    if (!codec)
      throw new MediaError("DECODER_FAILED", `FFmpeg has no decoder for ${name}, the codec of stream ${stream.index}`);
    const context = new CodecContext();
    context.allocContext3(codec);
    let code = context.parametersToContext(codecpar);
    // Without it the decoder cannot skip the priming samples of a codec to the sample.
    context.pktTimebase = stream.timeBase;
    context.threadCount = threads;
    if (code >= 0) code = context.open2Sync(codec);
    if (code < 0) {
      context.freeContext();
      throw new MediaError(
        "DECODER_FAILED",
        `the decoder ${name} of stream ${stream.index} cannot be opened: ${errorText(code)}`,
      );
    }
    this.#context = context;
    this.#isVideo = kind === "video";
  }

  /**
   * Puts a packet in, or the end, and takes all frames out that are ready. Damage is counted and survived. Gives a promise
   * only if that takes time.
   */
  push(packet: Packet | null, take: Take): Promise<void> | undefined {
    // A video packet costs milliseconds, and leaves the thread; a call there and back costs 27 µs, too much for audio.
    if (this.#isVideo && packet) return this.#pushAside(packet, take);
    this.#check(this.#context.sendPacketSync(packet));
    return this.#receive(take);
  }

  async #pushAside(packet: Packet, take: Take): Promise<void> {
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
