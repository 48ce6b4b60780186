import type { FormatContext, Packet } from "node-av/lib";
import { ffmpeg } from "../ffmpeg.ts";
import { type ConnectOptions, connectSrt } from "../srt/srt-connection.ts";

/** The maximum size of a packet of FFmpeg's demuxer for raw data; an SRT message is never larger. */
const maxMessageBytes = 64 * 1024;

/** Receives the messages of an SRT peer. */
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

  /**
   * Waits for a peer. Rejects with the signal's reason if it aborts.
   *
   * @throws {@link MediaError} `SOURCE_FAILED` if it cannot listen on the address.
   */
  async connect(signal: AbortSignal): Promise<void> {
    const { native } = await connectSrt(() => startReceiving(this.#options.address.url), signal, this.#options);
    this.#native = native;
    this.#connectionCount++;
  }

  /** The number of peers so far; only one is connected at a time. */
  get connectionCount(): number {
    return this.#connectionCount;
  }

  /** Resolves with the next message, or undefined if the peer disconnected or the receiver was interrupted. */
  async read(): Promise<Uint8Array | undefined> {
    if (!this.#native) return undefined;
    const reading = this.#native.readFrame(this.#packet);
    this.#reading = reading;
    if ((await reading) < 0) return undefined;
    const message = Uint8Array.from(this.#packet.data ?? []);
    this.#packet.unref();
    return message;
  }

  /** Ends a pending read. */
  interrupt(): void {
    this.#native?.interrupt();
  }

  /** Disconnects from the peer; `connect` can then be called again. */
  async disconnect(): Promise<void> {
    this.interrupt();
    await this.#reading;
    const native = this.#native;
    this.#native = undefined;
    await native?.closeInput();
  }

  /** Disconnects and releases the memory. */
  async close(): Promise<void> {
    await this.disconnect();
    this.#packet.free();
  }
}

function startReceiving(url: string) {
  const { Dictionary, FormatContext, InputFormat } = ffmpeg();
  const native = new FormatContext();
  // Before the context is allocated, interrupt() has no effect, even while the source is being opened.
  native.allocContext();
  const format = InputFormat.findInputFormat("data");
  const options = Dictionary.fromObject({ raw_packet_size: String(maxMessageBytes) });
  return { native, open: () => native.openInput(url, format, options), interrupt: () => native.interrupt() };
}
