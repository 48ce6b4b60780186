import type { ReadItem, TextPacket, TextReader } from "../text-reader.ts";
import type { StreamCue } from "./cue.ts";
import { type CueMarkup, toShownText } from "./cue-markup.ts";

/** How each of FFmpeg's codecs of which a packet is a cue marks its text up. */
const codecs: Readonly<Record<string, CueMarkup>> = {
  webvtt: "webvtt",
  subrip: "subrip",
  mov_text: "plain",
  text: "plain",
};

/** FFmpeg's names of these codecs. */
export const cueCodecs: readonly string[] = Object.keys(codecs);

/** The cues of a subtitle stream of a container or a file: one a packet, its times the packet's. */
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
    // MP4 has a packet for the time between two texts.
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

// 3GPP timed text: a length of 16 bits, the text, and boxes with styles, which are left out.
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
