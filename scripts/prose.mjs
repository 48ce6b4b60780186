// Takes the prose out of a file: all of a Markdown file but its code; the comments of a source file, and the texts in it.
import { readFileSync } from "node:fs";
import { parseSource, walk } from "./parse-source.mjs";

/**
 * A piece of prose: a whole Markdown file, a comment, or a text in quotes. White space is one space, code is {@link code}.
 * @typedef {object} Prose
 * @property {string} text
 * @property {(index: number) => number} lineAt the line of the file, from 1, in which a character of `text` stands
 */

/** What stands in prose where there was code. */
export const code = "¤";

/**
 * Reads the prose of a Markdown, TypeScript or JavaScript file.
 * @param {string} file
 * @param {{ strings: boolean }} options `strings`: also the string and template literals with a space in them
 * @returns {Prose[]}
 */
export function readProse(file, { strings }) {
  if (file.endsWith(".md")) {
    const text = readFileSync(file, "utf8");
    return [prose(text, 0, withoutCode(text))];
  }
  const { text, program, comments } = parseSource(file);
  const pieces = groupComments(text, comments).map(({ start, end }) => {
    const comment = text.slice(start, end);
    const words = comment.replace(/^[ \t]*(?:\/\/|\/\*+|\*+\/|\*)|\*\/$/gm, blank);
    return prose(text, start, withoutCode(words));
  });
  if (!strings) return pieces;
  walk(program, (node) => {
    if (node.type === "Literal" && typeof node.value === "string" && /\s/.test(node.value))
      pieces.push(prose(text, node.start, withoutCode(text.slice(node.start, node.end))));
    if (node.type !== "TemplateLiteral") return;
    let literal = text.slice(node.start, node.end).replace(/^`|`$/g, '"');
    for (const { start, end } of node.expressions)
      literal = replaceRange(literal, start - node.start - 2, end - node.start + 1, code);
    if (/\s/.test(literal)) pieces.push(prose(text, node.start, literal));
  });
  return pieces;
}

/**
 * Replaces code, links' addresses and tags by {@link code}; the length stays.
 * @param {string} text
 */
function withoutCode(text) {
  return text
    .replace(/^([ \t]*)(```+|~~~+).*?(?:^[ \t]*\2|$(?!.))/gms, mask)
    .replace(/(`+)(?!`).*?[^`]\1(?!`)/gs, mask)
    .replace(/\{@\w+[^}]*\}|@param(?: \{.*?\})? \S+/g, mask)
    .replace(/(?<=@example).*?(?=^\s*@|$(?!.))/gms, mask)
    .replace(/\]\([^)\s]*\)|https?:\/\/[^\s)>]+|<!--.*?-->/gs, blank);
}

/** @param {string} text */
const mask = (text) => text.replace(/[^\n]/g, code);

/** @param {string} text */
const blank = (text) => text.replace(/[^\n]/g, " ");

/** @type {(text: string, start: number, end: number, fill: string) => string} */
function replaceRange(text, start, end, fill) {
  return text.slice(0, start) + text.slice(start, end).replace(/[^\n]/g, fill) + text.slice(end);
}

/**
 * Comments of one line each that follow each other are one.
 * @param {string} text
 * @param {readonly { type: string, start: number, end: number }[]} comments
 */
function groupComments(text, comments) {
  /** @type {{ type: string, start: number, end: number }[]} */
  const groups = [];
  for (const { type, start, end } of comments) {
    const last = groups.at(-1);
    if (last && type === "Line" && last.type === "Line" && text.slice(last.end, start).trim() === "") last.end = end;
    else groups.push({ type, start, end });
  }
  return groups;
}

/**
 * Makes white space and code one character each. A paragraph, an item of a list and a row of a table end by a line feed.
 * @param {string} file the text of the whole file
 * @param {number} start where `words` begins in it
 * @param {string} words
 * @returns {Prose}
 */
function prose(file, start, words) {
  let text = "";
  /** @type {number[]} */
  const places = [];
  const parts = /(?<end>\n[ \t]*(?:\n\s*|(?=(?:[-*|#>]|\d+\.) )))|(?<space>\s+)|¤[¤\s]*¤|./gs;
  for (const { 0: part, index, groups } of words.matchAll(parts)) {
    text += groups?.end ? "\n" : groups?.space ? " " : part.charAt(0);
    places.push(start + index);
  }
  return { text, lineAt: (index) => file.slice(0, places[index]).split("\n").length };
}
