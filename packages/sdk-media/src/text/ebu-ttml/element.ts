import type { SaxesAttributePlain } from "saxes";
import type { Attribute, Node, TimeExpression } from "./model.ts";
import type { Names, QualifiedName } from "./names.ts";
import { TT, XML } from "./namespaces.ts";
import { find, type Report } from "./root.ts";
import { parseTime, parseTimeOf, type Timing } from "./time-expression.ts";

/** A node whose children are still being read. */
export type Open<N extends Node = Node> = N extends { children: unknown }
  ? Omit<N, "children"> & { children: Node[] }
  : N;

const WHITE_SPACE = /[ \t\r\n]+/;

const NO_ATTRIBUTES: readonly Attribute[] = Object.freeze([]);
const NONE: readonly string[] = Object.freeze([]);
// Cached, because documents repeat a few lists.
const lists = new Map<string, readonly string[]>();
const maxLists = 256;
const maxListLength = 64;

/** The children of an element before the first child; shared, because many elements have none. */
export const NO_CHILDREN: Node[] = Object.freeze([]) as never;

/** Converts the first `count` attributes of the parser, in document order. */
export function attributesOf(given: readonly SaxesAttributePlain[], count: number, names: Names): readonly Attribute[] {
  if (count === 0) return NO_ATTRIBUTES;
  const attributes = new Array<Attribute>(count);
  for (let i = 0; i < count; i++) {
    const { name: written, value } = given[i] as SaxesAttributePlain;
    const { name, localName, namespace } = names.ofAttribute(written);
    attributes[i] = { name, localName, namespace, value };
  }
  names.checkDistinct(attributes);
  return attributes;
}

/**
 * Returns the kind of an element in its parent. Reports an element that is not allowed there; it is kept as a plain
 * element.
 */
export function kindOf(
  tag: QualifiedName,
  parent: Open,
  dialect: Timing["dialect"],
  report: Report,
): Exclude<Node["kind"], "text"> {
  if (tag.namespace !== TT || parent.kind === "element" || parent.kind === "text") return "element";
  const { localName: local } = tag;
  switch (parent.kind) {
    case "body":
      if (local === "p" && dialect !== "ttml") report("BadStructure", "body contains a p, expected div.");
      if (local === "div" || local === "p") return local;
      break;
    case "div":
      if (local === "div" || local === "p") return local;
      break;
    case "p":
    case "span":
      if (local === "span" || local === "br") return local;
      break;
    default:
  }
  if (local === "metadata") checkFirst(parent.kind, parent.children, report);
  else if (dialect !== "ttml" || (local !== "set" && local !== "animate"))
    report("BadStructure", () => `${parent.kind} may not contain ${local}.`);
  return "element";
}

function checkFirst(parent: string, children: readonly Node[], report: Report): void {
  const last = children.at(-1);
  const before = last?.kind === "text" ? children.at(-2) : last;
  if (before !== undefined && before.kind !== "element")
    report("BadStructure", `metadata follows a ${before.kind}, expected metadata first in ${parent}.`);
}

/** Creates a content element without children. */
export function contentOf(
  kind: Exclude<Node["kind"], "text" | "element">,
  { name }: QualifiedName,
  attributes: readonly Attribute[],
  timing: Timing,
  inheritedSpace: boolean,
  report: Report,
): Open {
  let preserveSpace = inheritedSpace;
  let id: string | undefined;
  let begin: TimeExpression | undefined;
  let end: TimeExpression | undefined;
  let dur: TimeExpression | undefined;
  let style: readonly string[] = NONE;
  let region: string | undefined;
  for (const { namespace, localName, value } of attributes) {
    if (namespace === XML && localName === "id") id = value;
    else if (namespace === XML && localName === "space") preserveSpace = isPreserve(value, report);
    if (namespace !== "") continue;
    if (kind === "br" && timing.dialect !== "ttml" && (localName === "begin" || localName === "end"))
      report("BadStructure", `br has ${localName}, which is allowed only on body, div, p and span.`, localName);
    if (localName === "begin") begin = timeOf(localName, value, timing, report);
    else if (localName === "end") end = timeOf(localName, value, timing, report);
    else if (localName === "dur") {
      if (kind !== "body" && timing.dialect !== "ttml")
        report("BadStructure", `${kind} has a dur, which is allowed only on body.`, "dur");
      dur = timeOf(localName, value, timing, report);
    } else if (localName === "style") style = idsOf(value);
    else if (localName === "region") region = value.trim();
  }
  return { kind, name, attributes, id, begin, end, dur, style, region, preserveSpace, children: NO_CHILDREN } as Open;
}

/** Splits a list of ids. */
export function idsOf(value: string): readonly string[] {
  const known = lists.get(value);
  if (known !== undefined) return known;
  const trimmed = value.trim();
  const ids = trimmed === "" ? NONE : trimmed.split(WHITE_SPACE);
  if (value.length > maxListLength || lists.size >= maxLists) return ids;
  lists.set(value, Object.freeze(ids));
  return ids;
}

/** Clears the cache of lists if it is full. */
export function clearFullListCache(): void {
  if (lists.size >= maxLists) lists.clear();
}

/** Whether the root has `xml:space="preserve"`. */
export function spaceOf(attributes: readonly Attribute[], report: Report): boolean {
  const value = find(attributes, XML, "space");
  return value !== undefined && isPreserve(value, report);
}

function isPreserve(value: string, report: Report): boolean {
  if (value !== "preserve" && value !== "default")
    report("BadValue", `xml:space is ${JSON.stringify(value)}, expected default or preserve.`, "space");
  return value === "preserve";
}

const notTimeOf = (what: string) => (name: string, text: string) =>
  `${name} is ${JSON.stringify(text)}, which is not a time of ${what}.`;
const NOT_TIME = {
  ttml: notTimeOf("TTML"),
  clock: notTimeOf("the time base clock"),
  media: notTimeOf("the time base media"),
  smpte: notTimeOf("the time base smpte"),
};

function timeOf(name: string, text: string, timing: Timing, report: Report): TimeExpression {
  const time = parseTime(text, timing);
  if (time !== undefined) return { text, time };
  report("BadTimeExpression", NOT_TIME[timing.dialect === "ttml" ? "ttml" : (timing.timeBase ?? "media")], name, text);
  // It may still be a valid time of TTML.
  return { text, time: parseTimeOf("ttml", text, timing) };
}
