import type { EbuTtDocument } from "./document.ts";
import type { Attribute, LiveMessage, Node } from "./model.ts";

const TEXT = /[&<>\r]/;
const TEXT_ALL = /[&<>\r]/g;
const VALUE = /[&<>"\t\n\r]/;
const VALUE_ALL = /[&<>"\t\n\r]/g;
const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\t": "&#9;",
  "\n": "&#10;",
  "\r": "&#13;",
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML cannot represent these characters
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

/**
 * Returns the XML of a document or a live message, with an XML declaration. Parsing it returns an equal one: names,
 * prefixes, times and attributes are preserved; comments, and white space outside of text, are not.
 *
 * @throws {@link RangeError} If a text contains what XML cannot represent: control characters or a lone surrogate.
 *
 * @example
 * ```ts
 * await writeFile("fr.xml", write(document.with({ language: "fr" })));
 * ```
 */
export function write(item: EbuTtDocument | LiveMessage): string {
  const { name, attributes, children } = item.kind === "document" ? item : item.element;
  return `<?xml version="1.0" encoding="UTF-8"?>\n${writeElement(name, attributes, children)}`;
}

function writeElement(name: string, attributes: readonly Attribute[], children: readonly Node[]): string {
  let xml = `<${name}`;
  for (const attribute of attributes) xml += ` ${attribute.name}="${escaped(attribute.value, VALUE, VALUE_ALL)}"`;
  if (children.length === 0) return `${xml}/>`;
  xml += ">";
  for (const child of children) {
    xml +=
      child.kind === "text"
        ? escaped(child.text, TEXT, TEXT_ALL)
        : writeElement(child.name, child.attributes, child.children);
  }
  return `${xml}</${name}>`;
}

// Most text needs no escaping, and a test is faster than a replacement.
function escaped(text: string, some: RegExp, all: RegExp): string {
  if (UNWRITABLE.test(text))
    throw new RangeError(`XML cannot represent ${JSON.stringify(UNWRITABLE.exec(text)?.[0])}.`);
  return some.test(text) ? text.replaceAll(all, (character) => ENTITIES[character] ?? character) : text;
}
