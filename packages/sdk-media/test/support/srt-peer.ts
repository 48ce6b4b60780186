import { fork } from "node:child_process";
import { createSocket } from "node:dgram";
import { Dictionary, FormatContext, InputFormat, Packet, Rational } from "node-av/lib";
import { onTestFinished } from "vitest";

/** A UDP port of the loopback that nobody has. */
export async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(() => resolve()));
  return port;
}

/** What comes one after another, to be awaited. */
export class Arrivals<Item> {
  readonly all: Item[] = [];
  readonly #changed = new EventTarget();

  add(item: Item): void {
    this.all.push(item);
    this.#changed.dispatchEvent(new Event("item"));
  }

  /** Resolves when as many are there. */
  async reach(count: number): Promise<readonly Item[]> {
    while (this.all.length < count)
      await new Promise<void>((resolve) => this.#changed.addEventListener("item", () => resolve(), { once: true }));
    return this.all;
  }
}

/**
 * Starts the ffmpeg commands. A process that uses SRT must not: of libsrt 1.5.5 a fork may find a lock taken, and then neither
 * the new process begins nor the old one goes on (https://github.com/Haivision/srt/issues/3326).
 */
const starter = fork(new URL("ffmpeg-starter.mjs", import.meta.url));
starter.unref();
starter.channel?.unref();

/** What a command wrote, or with what it ended. */
type FromStarter =
  | { readonly id: number; readonly text: string }
  | { readonly id: number; readonly code: number | null };

/** Patient enough for a listener that is still being started. */
const patience = "connect_timeout=10000&timeout=10000000";

/** An ffmpeg command at the other end of SRT; gone when the test has ended. */
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

  /** Sends what FFmpeg makes, as fast as it plays. */
  static send(options: string, port: number, query = "mode=caller"): FFmpegPeer {
    return new FFmpegPeer([...options.split(" "), `srt://127.0.0.1:${port}?${query}&${patience}`]);
  }

  /** Sends what is written to it, without a container, in messages of 1,024 bytes at most. */
  static pipe(port: number): FFmpegPeer {
    const options = "-f data -i pipe:0 -map 0 -c copy -flush_packets 1 -f data";
    return new FFmpegPeer([...options.split(" "), `srt://127.0.0.1:${port}?mode=caller&${patience}`]);
  }

  write(text: string): void {
    starter.send({ id: this.#id, text });
  }

  /** Leaves when all was sent; what its receiver still keeps is lost. */
  end(): Promise<number | null> {
    starter.send({ id: this.#id, text: null });
    return this.ended;
  }

  /** Receives what has no container, until its peer is gone. */
  static receive(port: number): FFmpegPeer {
    const source = `srt://127.0.0.1:${port}?mode=listener`;
    return new FFmpegPeer([
      ...["-f", "data", "-raw_packet_size", "65536", "-i", source],
      ..."-map 0 -c copy -flush_packets 1 -f data pipe:1".split(" "),
    ]);
  }

  /** Receives subtitles, which it reads when its peer is gone, and gives them as SubRip. */
  static receiveSubtitles(port: number, format: "webvtt" | "srt"): FFmpegPeer {
    return new FFmpegPeer(["-f", format, "-i", `srt://127.0.0.1:${port}?mode=listener`, "-f", "srt", "pipe:1"]);
  }

  get received(): string {
    return this.#pieces.all.join("");
  }

  /** Resolves when a text was received so many times; rejects if the command ended before. */
  async waitFor(text: string, count: number): Promise<void> {
    const isThere = () => this.received.split(text).length > count;
    while (!isThere()) {
      const next = this.#pieces.reach(this.#pieces.all.length + 1);
      const ended = this.ended.then(() => "ended");
      if ((await Promise.race([next, ended])) === "ended" && !isThere())
        throw new Error(`ffmpeg ended before ${text} came ${count} times:\n${this.received}`);
    }
  }

  /** Without a farewell: its peer notices only by the silence. */
  async kill(): Promise<void> {
    starter.send({ id: this.#id, isKilled: true });
    await this.ended;
  }
}

/** A peer that sends pieces one by one, which the ffmpeg command does not, and data in MPEG-TS, which it cannot make. */
export class DataSender {
  readonly #native = new FormatContext();
  #count = 0;
  #isClosed = false;

  /**
   * Calls a listener, which must be there within three seconds, or is called.
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

  /** Sends a piece; each is 300 ms after the one before, the first at 10 s. */
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

  /** Leaves; what its receiver still keeps is lost. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#native.writeTrailer();
    await this.#native[Symbol.asyncDispose]();
  }
}

/** A peer that takes only what it is asked to take. */
export class SrtTaker {
  readonly #native = new FormatContext();
  readonly #packet = new Packet();

  static async open(port: number, query = "mode=listener"): Promise<SrtTaker> {
    const receiver = new SrtTaker();
    receiver.#packet.alloc();
    const options = Dictionary.fromObject({ raw_packet_size: "65536" });
    const format = InputFormat.findInputFormat("data");
    const url = `srt://127.0.0.1:${port}?latency=20000&${query}`;
    const code = await receiver.#native.openInput(url, format, options);
    if (code < 0) throw new Error(`not connected: ${code}`);
    return receiver;
  }

  /** The next message. */
  async readOne(): Promise<string> {
    return (await this.readBytes()).toString();
  }

  /** The bytes of the next message. */
  async readBytes(): Promise<Buffer> {
    const code = await this.#native.readFrame(this.#packet);
    if (code < 0) throw new Error(`nothing more comes: ${code}`);
    const bytes = Buffer.from(this.#packet.data ?? []);
    this.#packet.unref();
    return bytes;
  }

  async close(): Promise<void> {
    await this.#native.closeInput();
    this.#packet.free();
  }
}
