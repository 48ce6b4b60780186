import type { ReadItem, TextPacket, TextReader } from "../text-reader.ts";
import type { StreamCue } from "./cue.ts";
import { type CueMarkup, toShownText } from "./cue-markup.ts";

/** FFmpeg's codecs whose packets are cues, with the markup of their text. */
const codecs: Readonly<Record<string, CueMarkup>> = {
  webvtt: "webvtt",
  subrip: "subrip",
  mov_text: "plain",
  text: "plain",
};

/** FFmpeg's names of the codecs whose packets are cues. */
export const cueCodecs: readonly string[] = Object.keys(codecs);

/** Reads the cues of a subtitle stream: each packet is one cue, and has its times. */
export class PacketCues implements TextReader<StreamCue> {
  readonly memoryFactor = 5;
  readonly #codec: string;

  /** @param codec - One of {@link cueCodecs}. */
  constructor(codec: string) {
    this.#codec = codec;
  }

  push(packet: TextPacket): ReadItem<StreamCue>[] {
    const { pts, timeMs: startMs, durationMs, id, settings } = packet;
    const raw = this.#codec === "mov_text" ? movText(packet.data) : Buffer.from(packet.data).toString("utf8");
    if (raw === undefined) return [damaged(packet, "the text is longer than its packet")];
    const markup = raw.replace(/\r\n?/g, "\n").replace(/[\n\0]+$/, "");
    // In MP4, the time between two cues is an empty packet.
    if (markup === "") return [];
    if (startMs === undefined) return [damaged(packet, "the packet of a cue has no timestamp")];
    if (!(durationMs > 0)) return [damaged(packet, "the packet of a cue has no duration")];
    const text = toShownText(markup, codecs[this.#codec] ?? "plain");
    const times = { startMs, endMs: startMs + durationMs, pts, timeMs: startMs };
    return [{ kind: "item", item: { id, ...times, settings, text, markup, headers: [] }, begin: packet }];
  }

  end(): ReadItem<StreamCue>[] {
    return [];
  }
}

// 3GPP timed text: a 16-bit length, the text, and boxes with styles, which are ignored.
function movText(data: Uint8Array): string | undefined {
  const bytes = Buffer.from(data);
  if (bytes.length === 0) return "";
  const end = bytes.length < 2 ? bytes.length + 1 : 2 + bytes.readUInt16BE(0);
  if (end > bytes.length) return undefined;
  const text = bytes.subarray(2, end);
  if (text[0] === 0xfe && text[1] === 0xff) return new TextDecoder("utf-16be").decode(text);
  return text.toString("utf8");
}

function damaged(begin: TextPacket, message: string): ReadItem<StreamCue> {
  return { kind: "error", message, begin, packetIndex: begin.index, byteOffset: 0 };
}
