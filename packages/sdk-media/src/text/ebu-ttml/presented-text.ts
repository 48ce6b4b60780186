import type { EbuTtDocument } from "./document.ts";
import type { Node, Paragraph, Span } from "./model.ts";

/**
 * Yields the paragraphs of a document, in document order.
 *
 * @example
 * ```ts
 * for (const paragraph of paragraphs(document)) job.log.info(textOf(paragraph));
 * ```
 */
export function* paragraphs(document: EbuTtDocument): Generator<Paragraph> {
  if (document.body !== undefined) yield* within(document.body.children);
}

function* within(nodes: readonly Node[]): Generator<Paragraph> {
  for (const node of nodes) {
    if (node.kind === "p") yield node;
    else if (node.kind === "div") yield* within(node.children);
  }
}

/**
 * Returns the text of a paragraph or span as it is displayed. A line break is `"\n"`; metadata and foreign content are
 * omitted. White space is collapsed to single spaces, and removed at the ends of lines, unless `xml:space` preserves
 * it.
 *
 * @example
 * ```ts
 * const lines = textOf(paragraph).split("\n");
 * ```
 */
export function textOf(element: Paragraph | Span): string {
  const runs: Run[] = [];
  collect(element, runs);
  let text = "";
  // A space is added only if displayed text follows it on the same line.
  let isSpaceDue = false;
  for (const run of runs) {
    if (run.kind === "break") text += "\n";
    else if (run.kind === "preserved") text += isSpaceDue ? ` ${run.text}` : run.text;
    if (run.kind !== "collapsed") {
      isSpaceDue = false;
      continue;
    }
    for (const part of run.text.split(/([ \t\r\n]+)/)) {
      if (part === "") continue;
      if (/^[ \t\r\n]/.test(part)) isSpaceDue = text !== "" && !/[ \n]$/.test(text);
      else {
        text += isSpaceDue ? ` ${part}` : part;
        isSpaceDue = false;
      }
    }
  }
  return text;
}

type Run = { kind: "preserved" | "collapsed"; text: string } | { kind: "break" };

function collect(element: Paragraph | Span, runs: Run[]): void {
  for (const child of element.children) {
    if (child.kind === "text") runs.push({ kind: element.preserveSpace ? "preserved" : "collapsed", text: child.text });
    else if (child.kind === "br") runs.push({ kind: "break" });
    else if (child.kind === "span") collect(child, runs);
  }
}
