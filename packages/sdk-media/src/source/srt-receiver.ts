import type { FormatContext, Packet } from "node-av/lib";
import { ffmpeg } from "../ffmpeg.ts";
import { type ConnectOptions, connectSrt } from "../srt/srt-connection.ts";

/** What FFmpeg's demuxer for bytes without a container gives at most at once; an SRT message is never larger. */
const maxMessageBytes = 64 * 1024;

/** The messages of an SRT peer, as they come. */
export class SrtReceiver {
  readonly #options: ConnectOptions;
  readonly #packet: Packet;
  #native: FormatContext | undefined;
  #connectionCount = 0;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(options: ConnectOptions) {
    this.#options = options;
    this.#packet = new (ffmpeg().Packet)();
    this.#packet.alloc();
  }

  /** Waits for a peer. @throws The signal's reason. @throws {MediaError} `SOURCE_FAILED` */
  async connect(signal: AbortSignal): Promise<void> {
    const { native } = await connectSrt(() => beginToReceive(this.#options.address.url), signal, this.#options);
    this.#native = native;
    this.#connectionCount++;
  }

  /** How many peers there were, one after the other. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** The next message; undefined when the peer is gone, or the receiver was interrupted. */
  async read(): Promise<Uint8Array | undefined> {
    if (!this.#native) return undefined;
    const reading = this.#native.readFrame(this.#packet);
    this.#reading = reading;
    if ((await reading) < 0) return undefined;
    const message = Uint8Array.from(this.#packet.data ?? []);
    this.#packet.unref();
    return message;
  }

  /** Ends a read that waits. */
  interrupt(): void {
    this.#native?.interrupt();
  }

  /** Lets go of the peer; another can be connected. */
  async disconnect(): Promise<void> {
    this.interrupt();
    await this.#reading;
    const native = this.#native;
    this.#native = undefined;
    await native?.closeInput();
  }

  /** Lets go of everything. */
  async close(): Promise<void> {
    await this.disconnect();
    this.#packet.free();
  }
}

function beginToReceive(url: string) {
  const { Dictionary, FormatContext, InputFormat } = ffmpeg();
  const native = new FormatContext();
  // Without its own memory an interrupt has no effect while the source is opened.
  native.allocContext();
  const format = InputFormat.findInputFormat("data");
  const options = Dictionary.fromObject({ raw_packet_size: String(maxMessageBytes) });
  return { native, open: () => native.openInput(url, format, options), interrupt: () => native.interrupt() };
}
