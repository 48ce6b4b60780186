/** How the text of a cue is marked up: WebVTT and SubRip by tags, what is plain by nothing. */
export type CueMarkup = "webvtt" | "subrip" | "plain";

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", nbsp: "\u00a0", lrm: "\u200e", rlm: "\u200f" };
const entity = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(amp|lt|gt|nbsp|lrm|rlm));/g;
// By the standard a `<` without an end is a tag too, but FFmpeg writes texts such as `<3` without escapes.
const webvttTag = /<(?:\/?[a-z][^<>]*|\/|(?:\d+:)?\d{2}:\d{2}\.\d{3})?>/gi;
// SubRip has no way to write what looks like a tag: what is none that players know is text.
const subripTag = /<\/?(?:[ibus]|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}/gi;
// Neither is seen where it stands, nor breaks a line.
const joiner = "\u2060";

/** The text that is shown. */
export function toShownText(markup: string, kind: CueMarkup): string {
  if (kind === "plain") return markup;
  if (kind === "subrip") return markup.replace(subripTag, "").replace(/([<{-])\u2060/g, "$1");
  return markup
    .replace(webvttTag, "")
    .replace(entity, (whole, decimal?: string, hexadecimal?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? whole;
      const code = decimal === undefined ? Number.parseInt(hexadecimal ?? "", 16) : Number(decimal);
      return code > 0x10ffff ? whole : String.fromCodePoint(code);
    });
}

/** The text of a cue for a file, so that all of it is shown, and none taken for a tag or a time: without blank lines. */
export function toMarkup(text: string, kind: "webvtt" | "subrip"): string {
  const lines = text.replaceAll("\0", "\ufffd").split(/\r\n|\r|\n/);
  const shown = lines.filter((line) => line.trim() !== "").join("\n");
  if (kind === "webvtt") return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return shown.replace(/<(?=\/?(?:[ibus]|font)[\s>])|\{(?=\\)/gi, `$&${joiner}`).replaceAll("-->", `--${joiner}>`);
}
