/** The markup of a cue's text: tags of WebVTT or SubRip, or none. */
export type CueMarkup = "webvtt" | "subrip" | "plain";

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", nbsp: "\u00a0", lrm: "\u200e", rlm: "\u200f" };
const entity = /&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(amp|lt|gt|nbsp|lrm|rlm));/g;
// In the standard, an unterminated `<` is a tag too, but FFmpeg writes text such as `<3` without escapes.
const webvttTag = /<(?:\/?[a-z][^<>]*|\/|(?:\d+:)?\d{2}:\d{2}\.\d{3})?>/gi;
// SubRip cannot escape tags: whatever players do not support as a tag is text.
const subripTag = /<\/?(?:[ibus]|font)(?:\s[^<>]*)?>|\{\\[^{}]*\}/gi;
// Word joiner: invisible, and not a position for a line break.
const joiner = "\u2060";

/** Returns the text that is displayed. */
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

/**
 * Escapes the text of a cue, so that all of it is displayed: without blank lines, and without anything like a tag or a
 * time.
 */
export function toMarkup(text: string, kind: "webvtt" | "subrip"): string {
  const lines = text.replaceAll("\0", "\ufffd").split(/\r\n|\r|\n/);
  const shown = lines.filter((line) => line.trim() !== "").join("\n");
  if (kind === "webvtt") return shown.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return shown.replace(/<(?=\/?(?:[ibus]|font)[\s>])|\{(?=\\)/gi, `$&${joiner}`).replaceAll("-->", `--${joiner}>`);
}
