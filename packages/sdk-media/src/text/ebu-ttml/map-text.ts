import type { Body, Div, Node, Paragraph, Span } from "./model.ts";

/** Returns the text that replaces a run of text, of the given paragraph. */
export type TextMapper = (text: string, place: { readonly paragraph: Paragraph }) => string | Promise<string>;

/** Returns a body, div, paragraph or span with other text; the same object if no text changed. */
export async function mapRuns<N extends Body | Div | Paragraph | Span>(
  node: N,
  mapper: TextMapper,
  paragraph?: Paragraph,
): Promise<N> {
  let changed = false;
  const inside = node.kind === "p" ? (node as Paragraph) : paragraph;
  const children: Node[] = [];
  for (const child of node.children as readonly Node[]) {
    const mapped = await mapNode(child, mapper, inside, node.preserveSpace);
    changed ||= mapped !== child;
    // An empty text would not be parsed again.
    if (mapped.kind !== "text" || mapped.text !== "") children.push(mapped);
  }
  return changed ? ({ ...node, children } as N) : node;
}

async function mapNode(
  node: Node,
  mapper: TextMapper,
  paragraph: Paragraph | undefined,
  preserve: boolean,
): Promise<Node> {
  if (node.kind === "div" || node.kind === "p" || node.kind === "span") return mapRuns(node, mapper, paragraph);
  if (node.kind !== "text" || paragraph === undefined) return node;
  const [start, end] = preserve ? [0, node.text.length] : shown(node.text);
  const run = node.text.slice(start, end);
  if (run === "") return node;
  const seen = preserve ? run : run.replaceAll(/[ \t\r\n]+/g, " ");
  const mapped = await mapper(seen, { paragraph });
  return mapped === seen
    ? node
    : { kind: "text" as const, text: node.text.slice(0, start) + mapped + node.text.slice(end) };
}

// Returns the range from the first to the last character that is not XML white space.
function shown(text: string): [number, number] {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return [start, end];
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13;
}
