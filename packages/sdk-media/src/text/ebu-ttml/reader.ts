import { type SaxesAttributePlain, SaxesParser } from "saxes";
import { EbuTtDocument } from "./document.ts";
import { attributesOf, clearFullListCache, contentOf, kindOf, NO_CHILDREN, type Open, spaceOf } from "./element.ts";
import { EbuTtError, type EbuTtErrorCode } from "./error.ts";
import { Identifiers } from "./identifiers.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";
import { messageOf } from "./message.ts";
import { MetadataRules } from "./metadata-rules.ts";
import type { LiveMessage, Node, RootContent, XmlElement } from "./model.ts";
import { checkTarget, Names, type QualifiedName } from "./names.ts";
import { LIVE_MESSAGE, TT } from "./namespaces.ts";
import type { ParseOptions } from "./parse-options.ts";
import type { Piece, SourceText } from "./position.ts";
import { type DocumentProperties, type Report, readRoot } from "./root.ts";
import { checkStyles } from "./style-values.ts";

type Root = { kind: "root"; name: string; children: Node[]; preserveSpace: boolean; seen: Set<string> };
type Parent = Open | Root;

const maxWarnings = 100;
const ENDED = Symbol("the root has ended");

/** Reads one document or live message, in any number of pieces. */
export class DocumentReader {
  readonly #source: SourceText;
  readonly #strict: boolean;
  readonly #allowSmpte: boolean;
  readonly #limits: Limits;
  readonly #parser = new SaxesParser({ position: false });
  readonly #names = new Names();
  readonly #stack: Parent[] = [];
  readonly #warnings: EbuTtError[] = [];
  readonly #identifiers = new Identifiers();
  #elements = 0;
  // The attributes of the current tag. The array is reused, since growing a new one for each tag costs memory.
  readonly #attributes: SaxesAttributePlain[] = [];
  #attributeCount = 0;
  #properties: DocumentProperties | undefined;
  #rootAttributes: EbuTtDocument["attributes"] = [];
  #item: EbuTtDocument | LiveMessage | undefined;
  #fault: EbuTtError | undefined;
  #settled = 0;

  readonly #metadata: MetadataRules;

  constructor(source: SourceText, options: ParseOptions = {}) {
    this.#source = source;
    this.#metadata = new MetadataRules(this.#report);
    this.#strict = options.mode === "strict";
    this.#allowSmpte = options.allowSmpte === true;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    clearFullListCache();
    const parser = this.#parser;
    // With more than six handlers, V8 stores the parser as a dictionary, which makes it four times slower.
    parser.on("attribute", (attribute) => {
      // The namespace is known only at the end of the tag.
      this.#attributes[this.#attributeCount++] = attribute;
      this.#names.declare(attribute.name, attribute.value, this.#stack.length);
      if (this.#attributeCount > this.#limits.attributes)
        this.#exceeded("attributes", `${this.#limits.attributes} attributes`);
    });
    parser.on("opentag", ({ name }) => this.#open(name));
    parser.on("closetag", () => this.#close());
    parser.on("text", (text) => this.#text(text));
    parser.on("cdata", (text) => this.#text(text));
    parser.on("processinginstruction", ({ target }) => checkTarget(target));
  }

  /**
   * The character up to which the text is interpreted with certainty. After it may be an unterminated comment, or an
   * `&`.
   */
  get settled(): number {
    return this.#settled;
  }

  /**
   * Reads a piece that was added to the source.
   *
   * @returns The complete document or message, or the fault for which strict mode rejects it, and the number of
   *   characters of the piece that belong to it; undefined if it is incomplete.
   * @throws {@link EbuTtError} If the document cannot be read any further.
   */
  write(piece: Piece): { item: EbuTtDocument | LiveMessage | EbuTtError; chars: number } | undefined {
    const start = this.#source.length;
    this.#source.append(piece);
    try {
      this.#parser.write(piece.text);
    } catch (thrown) {
      // The parser throws plain errors.
      if (thrown instanceof Error && thrown.constructor === Error)
        this.#fail(/doctype/.test(thrown.message) ? "DoctypeForbidden" : "NotWellFormed", sentence(thrown.message));
      const item = this.#fault ?? this.#item;
      if (thrown !== ENDED || item === undefined) throw thrown;
      return { item, chars: this.#parser.position - start };
    }
    this.#checkReference();
    return undefined;
  }

  // The parser reads everything up to the next `;` as the name of an entity, even whole documents.
  #checkReference(): void {
    // biome-ignore lint/complexity/useLiteralKeys: it is private
    const name = this.#parser["entity"];
    if (!/[^#\w]/.test(name)) return;
    const position = this.#source.positionAt(this.#source.length - name.length - 1);
    throw new EbuTtError("NotWellFormed", "An & does not start a reference.", { position });
  }

  /** Returns the error of a document that is incomplete at the end of the source. */
  truncated(): EbuTtError {
    const position = this.#source.positionAt(this.#source.length);
    return new EbuTtError("Truncated", "The document is incomplete.", { position });
  }

  #open(name: string): void {
    if (++this.#elements > this.#limits.elements) this.#exceeded("elements", `${this.#limits.elements} elements`);
    if (this.#stack.length >= this.#limits.depth) this.#exceeded("depth", `${this.#limits.depth} levels of elements`);
    const parent = this.#stack.at(-1);
    const tag = this.#names.ofElement(name);
    const node = parent === undefined ? this.#openRoot(tag) : this.#openChild(tag, parent);
    this.#stack.push(node);
    this.#settle();
  }

  #takeAttributes(): EbuTtDocument["attributes"] {
    const count = this.#attributeCount;
    this.#attributeCount = 0;
    return attributesOf(this.#attributes, count, this.#names);
  }

  #openRoot(tag: QualifiedName): Parent {
    this.#checkEncoding(this.#parser.xmlDecl.encoding);
    const attributes = this.#takeAttributes();
    if (tag.localName === "message" && tag.namespace === LIVE_MESSAGE) return element(tag, attributes) as Open;
    if (tag.localName !== "tt" || tag.namespace !== TT)
      this.#fail("NotTtml", `The root is ${tag.name} in ${JSON.stringify(tag.namespace)}, expected tt in ${TT}.`);
    this.#rootAttributes = attributes;
    this.#properties = Object.freeze(readRoot(attributes, this.#report, this.#allowSmpte));
    this.#identifiers.add(element(tag, attributes), this.#tagStart, this.#report);
    if (this.#strict) checkStyles(attributes, attributes, this.#report);
    const preserveSpace = spaceOf(attributes, this.#report);
    return { kind: "root", name: tag.name, children: [], preserveSpace, seen: new Set() };
  }

  #openChild(tag: QualifiedName, parent: Parent): Parent {
    if (tag.localName === "tt" && tag.namespace === TT)
      this.#fail("Truncated", "Another document starts before this one is complete.");
    const attributes = this.#takeAttributes();
    const node = this.#nodeOf(tag, attributes, parent);
    if (this.#properties !== undefined && attributes.length > 0) {
      if (node.kind === "element") this.#identifiers.add(node, this.#tagStart, this.#report);
      else if (node.kind !== "text") this.#identifiers.addContent(node, this.#tagStart, this.#report);
    }
    if (this.#strict && tag.namespace === TT) checkStyles(attributes, this.#rootAttributes, this.#report);
    addChild(parent, node as Node);
    return node;
  }

  #nodeOf(tag: QualifiedName, attributes: EbuTtDocument["attributes"], parent: Parent): Open {
    const timing = this.#properties?.timing ?? {};
    if (parent.kind === "root") {
      if (tag.namespace === TT) this.#checkPlace(tag.localName, parent.seen);
      if (tag.namespace !== TT || tag.localName !== "body") return element(tag, attributes);
      return contentOf("body", tag, attributes, timing, parent.preserveSpace, this.#report);
    }
    const kind = kindOf(tag, parent, timing.dialect, this.#report);
    if (kind === "element") return element(tag, attributes);
    const inherited = parent.kind !== "element" && parent.kind !== "text" && parent.preserveSpace;
    return contentOf(kind, tag, attributes, timing, inherited, this.#report);
  }

  #checkPlace(local: string, seen: Set<string>): void {
    if (local !== "head" && local !== "body" && local !== "metadata")
      this.#report("BadStructure", `tt may not contain ${local}.`);
    if (local !== "metadata" && seen.has(local)) this.#report("BadStructure", `There is a second ${local}.`);
    else if (seen.has("body")) this.#report("BadStructure", `${local} follows the body.`);
    seen.add(local);
  }

  // The parser is after a `>`, or, for text, after the `<` that ends it.
  #settle(): void {
    this.#settled = this.#parser.position - 1;
  }

  #text(text: string): void {
    this.#settle();
    const parent = this.#stack.at(-1);
    if (parent === undefined || text === "") return;
    if (parent.kind === "root" || parent.kind === "body" || parent.kind === "div" || parent.kind === "br") {
      if (/[^ \t\r\n]/.test(text))
        this.#report("BadStructure", `${parent.kind === "root" ? "tt" : parent.kind} may not contain text.`);
      return;
    }
    const last = (parent as { children: Node[] }).children.at(-1);
    if (last?.kind === "text") (last as { text: string }).text += text;
    else addChild(parent, { kind: "text", text });
  }

  #close(): void {
    const node = this.#stack.pop() as Parent;
    this.#names.leave(this.#stack.length);
    this.#settle();
    if (this.#strict && node.kind === "element")
      this.#metadata.check(node as unknown as XmlElement, this.#properties?.timing ?? {});
    if (this.#stack.length > 0) return;
    if (node.kind === "root") this.#complete(node);
    else this.#item = messageOf(node as unknown as XmlElement);
    throw ENDED;
  }

  #complete(root: Root): void {
    const children = root.children as readonly RootContent[];
    const report = (code: EbuTtErrorCode, message: string, attribute: string | undefined, at: number) =>
      this.#reportAt(code, message, attribute, at);
    this.#identifiers.resolve(report);
    this.#metadata.checkSummaries();
    if (this.#strict) this.#fault = this.#warnings[0];
    this.#item = new EbuTtDocument({
      name: root.name,
      attributes: this.#rootAttributes,
      children,
      properties: this.#properties as DocumentProperties,
      warnings: Object.freeze(this.#warnings),
      preserveSpace: root.preserveSpace,
    });
  }

  #checkEncoding(encoding: string | undefined): void {
    if (encoding === undefined || /^(utf-?8|utf-?16(le|be)?|us-ascii)$/i.test(encoding)) return;
    this.#fail("BadEncoding", `The document declares the encoding ${encoding}, expected UTF-8 or UTF-16.`);
  }

  readonly #report: Report = (code, message, attribute, value = "") => {
    if (this.#warnings.length >= maxWarnings) return;
    this.#reportAt(
      code,
      typeof message === "string" ? message : message(attribute ?? "", value),
      attribute,
      this.#tagStart(),
    );
  };

  #reportAt(code: EbuTtErrorCode, message: string, attribute: string | undefined, at: number): void {
    if (this.#warnings.length >= maxWarnings) return;
    const position = this.#source.positionAt(at);
    const error = new EbuTtError(code, message, attribute === undefined ? { position } : { position, attribute });
    this.#warnings.push(error);
  }

  readonly #tagStart = (): number => this.#source.tagStart(this.#parser.position);

  #fail(code: EbuTtErrorCode, message: string): never {
    throw new EbuTtError(code, message, { position: this.#source.positionAt(this.#parser.position) });
  }

  #exceeded(limit: "depth" | "elements" | "attributes", what: string): never {
    const position = this.#source.positionAt(this.#parser.position);
    throw new EbuTtError("LimitExceeded", `The document has more than ${what}.`, { position, limit });
  }
}

function element(
  { name, localName, namespace }: QualifiedName,
  attributes: EbuTtDocument["attributes"],
): Open<XmlElement> {
  return {
    kind: "element",
    name,
    localName,
    namespace,
    attributes,
    children: NO_CHILDREN as XmlElement[],
  };
}

// An array literal of one element uses less memory than an empty array that grows.
function addChild(parent: Parent, child: Node): void {
  const holder = parent as { children: Node[] };
  if (holder.children === NO_CHILDREN) holder.children = [child];
  else holder.children.push(child);
}

// The messages of saxes start with a lower-case letter.
function sentence(message: string): string {
  const text = `${message.charAt(0).toUpperCase()}${message.slice(1)}`;
  return text.endsWith(".") ? text : `${text}.`;
}
