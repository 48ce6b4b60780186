import { fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { Dictionary, FormatContext, InputFormat, Packet, Rational } from "node-av/lib";
import { onTestFinished } from "vitest";

/** Returns a free UDP port of the loopback. */
export async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** Collects items, and lets tests await them. */
export class Arrivals<Item> {
  readonly all: Item[] = [];
  readonly #changed = new EventTarget();

  add(item: Item): void {
    this.all.push(item);
    this.#changed.dispatchEvent(new Event("item"));
  }

  /** Resolves when there are at least `count` items. */
  async reach(count: number): Promise<readonly Item[]> {
    while (this.all.length < count)
      await new Promise<void>((resolve) => this.#changed.addEventListener("item", () => resolve(), { once: true }));
    return this.all;
  }
}

/**
 * Starts the ffmpeg commands. A process that uses SRT must not fork: with libsrt 1.5.5 the fork may find a lock taken, and then both
 * processes hang (https://github.com/Haivision/srt/issues/3326).
 */
const starter = fork(new URL("ffmpeg-starter.mjs", import.meta.url));
starter.unref();
starter.channel?.unref();

/** The output of a command, or its exit code. */
type FromStarter =
  | { readonly id: number; readonly text: string }
  | { readonly id: number; readonly code: number | null };

/** Timeouts long enough for a listener that is still starting. */
const timeouts = "connect_timeout=10000&timeout=10000000";

/** An ffmpeg command as the SRT peer; killed when the test has ended. */
export class FFmpegPeer {
  static #count = 0;
  readonly ended: Promise<number | null>;
  readonly #id = ++FFmpegPeer.#count;
  readonly #pieces = new Arrivals<string>();

  private constructor(parameters: readonly string[]) {
    this.ended = new Promise((resolve) => {
      const take = (message: FromStarter) => {
        if (message.id !== this.#id) return;
        if ("text" in message) {
          this.#pieces.add(message.text);
          return;
        }
        starter.off("message", take);
        resolve(message.code);
      };
      starter.on("message", take);
    });
    starter.send({ id: this.#id, parameters: ["-hide_banner", "-v", "error", ...parameters] });
    onTestFinished(() => this.kill());
  }

  /** Sends the output of FFmpeg. */
  static send(options: string, port: number, query = "mode=caller"): FFmpegPeer {
    return new FFmpegPeer([...options.split(" "), `srt://127.0.0.1:${port}?${query}&${timeouts}`]);
  }

  /** Sends the text that is written to it, without a container, in messages of at most 1,024 bytes. */
  static pipe(port: number): FFmpegPeer {
    const options = "-f data -i pipe:0 -map 0 -c copy -flush_packets 1 -f data";
    return new FFmpegPeer([...options.split(" "), `srt://127.0.0.1:${port}?mode=caller&${timeouts}`]);
  }

  write(text: string): void {
    starter.send({ id: this.#id, text });
  }

  /** Disconnects when all is sent; data in the latency buffer of the receiver is lost. */
  end(): Promise<number | null> {
    starter.send({ id: this.#id, text: null });
    return this.ended;
  }

  /** Receives data without a container, until the peer disconnects. */
  static receive(port: number): FFmpegPeer {
    const source = `srt://127.0.0.1:${port}?mode=listener`;
    return new FFmpegPeer([
      ...["-f", "data", "-raw_packet_size", "65536", "-i", source],
      ..."-map 0 -c copy -flush_packets 1 -f data pipe:1".split(" "),
    ]);
  }

  /** Receives subtitles, parses them when the peer disconnects, and outputs them as SubRip. */
  static receiveSubtitles(port: number, format: "webvtt" | "srt"): FFmpegPeer {
    return new FFmpegPeer(["-f", format, "-i", `srt://127.0.0.1:${port}?mode=listener`, "-f", "srt", "pipe:1"]);
  }

  get received(): string {
    return this.#pieces.all.join("");
  }

  /** Resolves when a text was received `count` times; rejects if the command ends before. */
  async waitFor(text: string, count: number): Promise<void> {
    const isThere = () => this.received.split(text).length > count;
    while (!isThere()) {
      const next = this.#pieces.reach(this.#pieces.all.length + 1);
      const ended = this.ended.then(() => "ended");
      if ((await Promise.race([next, ended])) === "ended" && !isThere())
        throw new Error(`ffmpeg ended before ${text} was received ${count} times:\n${this.received}`);
    }
  }

  /** Kills the command without a disconnection: the peer notices only a timeout. */
  async kill(): Promise<void> {
    starter.send({ id: this.#id, isKilled: true });
    await this.ended;
  }
}

/** A peer that sends single messages, and data in MPEG-TS; the ffmpeg command can do neither. */
export class DataSender {
  readonly #native = new FormatContext();
  #count = 0;
  #isClosed = false;

  /**
   * Connects to a listener, which must start within three seconds, or waits for a caller, depending on `query`.
   *
   * @param format - `data` for no container.
   */
  static async open(port: number, format: "mpegts" | "data", query = "mode=caller"): Promise<DataSender> {
    const sender = new DataSender();
    const native = sender.#native;
    native.allocOutputContext2(null, "tee", `[f=${format}]srt://127.0.0.1:${port}?${query}`);
    const stream = native.newStream(null);
    stream.codecpar.codecType = 2 as typeof stream.codecpar.codecType;
    stream.codecpar.codecId = (format === "data" ? 0 : 98_314) as typeof stream.codecpar.codecId;
    stream.timeBase = new Rational(1, 90_000);
    const code = await native.writeHeader(null);
    if (code < 0) throw new Error(`not connected: ${code}`);
    return sender;
  }

  /** Sends a message. The timestamps begin at 10 s, and increase by 300 ms. */
  async send(piece: string | Uint8Array): Promise<void> {
    const packet = new Packet();
    packet.alloc();
    packet.data = Buffer.from(piece);
    packet.streamIndex = 0;
    packet.pts = BigInt(900_000 + 27_000 * this.#count++);
    packet.dts = packet.pts;
    await this.#native.writeFrame(packet);
    packet.free();
  }

  /** Disconnects; data in the latency buffer of the receiver is lost. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#native.writeTrailer();
    await this.#native[Symbol.asyncDispose]();
  }
}

/** A peer that receives only the messages that it is asked to read. */
export class SrtReceiver {
  readonly #native = new FormatContext();
  readonly #packet = new Packet();

  static async open(port: number, query = "mode=listener"): Promise<SrtReceiver> {
    const receiver = new SrtReceiver();
    receiver.#packet.alloc();
    const options = Dictionary.fromObject({ raw_packet_size: "65536" });
    const format = InputFormat.findInputFormat("data");
    const url = `srt://127.0.0.1:${port}?latency=20000&${query}`;
    const code = await receiver.#native.openInput(url, format, options);
    if (code < 0) throw new Error(`not connected: ${code}`);
    return receiver;
  }

  /** Reads the next message. */
  async readOne(): Promise<string> {
    return (await this.readBytes()).toString();
  }

  /** Reads the bytes of the next message. */
  async readBytes(): Promise<Buffer> {
    const code = await this.#native.readFrame(this.#packet);
    if (code < 0) throw new Error(`no more messages: ${code}`);
    const bytes = Buffer.from(this.#packet.data ?? []);
    this.#packet.unref();
    return bytes;
  }

  async close(): Promise<void> {
    await this.#native.closeInput();
    this.#packet.free();
  }
}
