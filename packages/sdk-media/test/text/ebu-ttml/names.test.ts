import fc from "fast-check";
import { SaxesParser } from "saxes";
import { describe, expect, it } from "vitest";
import { type EbuTtDocument, EbuTtError, parse, parseDocument, type XmlElement } from "../../../src/ebu-ttml.ts";
import { live } from "../../support/ebu-ttml-cases.ts";

type Named = Pick<XmlElement, "name" | "localName" | "namespace" | "attributes">;

/** Resolves names with the namespace mode of the parser; undefined if it rejects them. */
function namesOfSaxes(xml: string): Named[] | undefined {
  const parser = new SaxesParser({ xmlns: true, position: false });
  const named: Named[] = [];
  parser.on("opentag", ({ name, local, uri, attributes }) => {
    const list = Object.values(attributes).map((attribute) => {
      const { name: written, local: localName, uri: namespace, value } = attribute;
      return { name: written, localName, namespace, value };
    });
    named.push({ name, localName: local, namespace: uri, attributes: list });
  });
  try {
    parser.write(xml).close();
  } catch {
    return undefined;
  }
  return named;
}

function namesOf(document: EbuTtDocument): Named[] {
  const named: Named[] = [];
  const visit = ({ name, localName, namespace, attributes, children }: XmlElement) => {
    named.push({ name, localName, namespace, attributes });
    for (const child of children) if (child.kind === "element") visit(child);
  };
  for (const child of document.children) if (child.kind === "element") visit(child);
  return named;
}

/** Mostly valid names, sometimes invalid ones. */
const mostly = (right: string[], wrong: string[]) =>
  fc.oneof({ weight: 15, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: fc.constantFrom(...wrong) });
const prefix = mostly(["", "a:", "tt:"], ["b:", "xml:", "xmlns:", ":", "a:b:"]);
const local = mostly(["p", "q", "r"], [""]);
const uri = mostly(["u", "v", " u "], ["", "http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2000/xmlns/"]);
const attribute = fc.oneof(
  fc.tuple(prefix, local).map(([before, name]) => `${before}${name}="1"`),
  fc
    .tuple(mostly(["xmlns", "xmlns:a", "xmlns:b"], ["xmlns:xml", "xmlns:xmlns"]), uri)
    .map(([name, value]) => `${name}="${value}"`),
  fc.constantFrom('xmlns:a="u"', 'xmlns:b="u"', 'xmlns:b="v"', 'xmlns="v"', 'xmlnsx="1"', 'a:p="1"', 'b:p="2"'),
);
const attributes = fc.array(attribute, { maxLength: 4 }).map((list) => list.join(" "));
const { tree } = fc.letrec<{ tree: string }>((tie) => ({
  tree: fc
    .tuple(
      prefix,
      fc.constantFrom("e", "f"),
      attributes,
      fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie("tree"), { maxLength: 3 })),
    )
    .map(([before, name, list, children]) => `<${before}${name} ${list}>${children.join("")}</${before}${name}>`),
}));

describe("names and namespaces", () => {
  it("are resolved as in the namespace mode of the parser", () => {
    let taken = 0;
    const isSame = (xml: string): void => {
      const expected = namesOfSaxes(xml);
      if (expected === undefined) {
        expect(() => parse(xml)).toThrow(EbuTtError);
        return;
      }
      taken++;
      const document = parseDocument(xml);
      const root = { name: document.name, localName: "tt", namespace: "http://www.w3.org/ns/ttml" };
      expect([{ ...root, attributes: document.attributes }, ...namesOf(document)]).toEqual(expected);
    };
    const head = (inner: string) =>
      `<tt:tt xmlns:tt="http://www.w3.org/ns/ttml" xmlns:a="u"><tt:head>${inner}</tt:head></tt:tt>`;
    fc.assert(
      fc.property(fc.array(tree, { minLength: 1, maxLength: 3 }), (trees) => isSame(head(trees.join("")))),
      { numRuns: 3000 },
    );
    expect(taken).toBeGreaterThan(300);
  });

  it.each([
    ["an undeclared prefix", "<x:a/>", 'The prefix "x" is not declared.'],
    ["a prefix outside the scope of its declaration", '<x:a xmlns:x="u"/><x:b/>', 'The prefix "x" is not declared.'],
    ["a prefix without a URI", '<a xmlns:x=""/>', "The declaration xmlns:x is empty, expected the URI of a namespace."],
    ["two colons", '<a xmlns:x="u" x:y:z="1"/>', '"x:y:z" is not a valid name with a prefix.'],
    [
      "one name twice by two prefixes",
      '<a xmlns:x="u" xmlns:y="u" x:b="1" y:b="2"/>',
      "The attribute y:b duplicates b of u.",
    ],
    ["the URI of declarations", '<a xmlns:x="http://www.w3.org/2000/xmlns/"/>', "The declaration xmlns:x may not be"],
    ["a processing instruction with a prefix", "<?a:b c?>", "The processing instruction a:b has a colon in its name."],
  ])("are rejected for %s", (_, xml, message) => {
    const parseIt = () => parse(live({ head: `<tt:head>${xml}</tt:head>` }));
    expect(parseIt).toThrow(expect.objectContaining({ code: "NotWellFormed" }));
    expect(parseIt).toThrow(message);
  });
});
