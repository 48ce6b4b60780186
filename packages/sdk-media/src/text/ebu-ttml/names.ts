import type { Attribute } from "./model.ts";
import { XML, XMLNS } from "./namespaces.ts";

/** A name as written, with its namespace according to the declarations in scope. */
export type QualifiedName = Omit<Attribute, "value">;

const DECLARATION = "xmlns";
const COLON = 58;
// Documents use few names. If a document has more, the others are resolved each time.
const maxNames = 256;

/**
 * Resolves the names of a document, according to Namespaces in XML 1.0. Faults are thrown as plain errors, like those
 * of the parser.
 *
 * The parser can resolve names too, but it creates a table for each tag and resolves each name again, which makes
 * parsing 50 % slower. Here, a name is resolved once while the same declarations are in scope, and nodes share the
 * three strings.
 */
export class Names {
  readonly #bound = new Map([
    ["xml", XML],
    [DECLARATION, XMLNS],
  ]);
  readonly #changes: { depth: number; prefix: string; before: string | undefined }[] = [];
  readonly #elements = new Map<string, QualifiedName>();
  readonly #attributes = new Map<string, QualifiedName>();
  // The number of prefixes of each namespace. Names that are written differently are equal only if a namespace has two.
  readonly #prefixes = new Map<string, number>();
  #synonyms = 0;
  // Consecutive names mostly have the same prefix.
  #lastPrefix = ":";
  #lastNamespace = "";

  /** Processes an attribute of the element that is being opened at this depth: it can be a declaration. */
  declare(attribute: string, value: string, depth: number): void {
    if (!attribute.startsWith(DECLARATION)) return;
    const isDefault = attribute.length === DECLARATION.length;
    if (!isDefault && attribute.charCodeAt(DECLARATION.length) !== COLON) return;
    const prefix = attribute.slice(DECLARATION.length + 1);
    const uri = value.trim();
    if (prefix === DECLARATION || uri === XMLNS || (prefix === "xml") !== (uri === XML))
      throw new Error(`the declaration ${attribute} may not be ${JSON.stringify(uri)}`);
    if (!isDefault && uri === "")
      throw new Error(`the declaration ${attribute} is empty, expected the URI of a namespace`);
    const before = this.#bound.get(prefix);
    if (before === uri) return;
    this.#changes.push({ depth, prefix, before });
    this.#bind(prefix, uri);
  }

  /** Ends the scope of the declarations of the element at this depth. */
  leave(depth: number): void {
    for (let last = this.#changes.at(-1); last !== undefined && last.depth >= depth; last = this.#changes.at(-1)) {
      this.#changes.pop();
      this.#bind(last.prefix, last.before);
    }
  }

  /** Resolves the name of an element. */
  ofElement(name: string): QualifiedName {
    const known = this.#elements.get(name);
    if (known !== undefined) return known;
    const read = this.#read(name, this.#bound.get("") ?? "");
    if (read.namespace === XMLNS)
      throw new Error(`the element ${name} uses the prefix that is reserved for declarations`);
    return keep(this.#elements, read);
  }

  /** Resolves the name of an attribute, which has a namespace only if it has a prefix. */
  ofAttribute(name: string): QualifiedName {
    return this.#attributes.get(name) ?? keep(this.#attributes, this.#read(name, name === DECLARATION ? XMLNS : ""));
  }

  /** Rejects duplicate attributes of a tag with different prefixes, which the parser does not detect. */
  checkDistinct(attributes: readonly Attribute[]): void {
    if (this.#synonyms === 0) return;
    const seen = new Set<string>();
    for (const { name, localName, namespace } of attributes) {
      const expanded = `{${namespace}}${localName}`;
      if (seen.has(expanded)) throw new Error(`the attribute ${name} duplicates ${localName} of ${namespace}`);
      seen.add(expanded);
    }
  }

  #read(name: string, otherwise: string): QualifiedName {
    const colon = name.indexOf(":");
    if (colon < 0) return { name, localName: name, namespace: otherwise };
    const localName = name.slice(colon + 1);
    if (colon === 0 || localName === "" || localName.includes(":"))
      throw new Error(`${JSON.stringify(name)} is not a valid name with a prefix`);
    if (!name.startsWith(this.#lastPrefix)) this.#find(name.slice(0, colon));
    return { name, localName, namespace: this.#lastNamespace };
  }

  #find(prefix: string): void {
    const namespace = this.#bound.get(prefix);
    if (namespace === undefined) throw new Error(`the prefix ${JSON.stringify(prefix)} is not declared`);
    this.#lastPrefix = `${prefix}:`;
    this.#lastNamespace = namespace;
  }

  #bind(prefix: string, uri: string | undefined): void {
    const before = this.#bound.get(prefix);
    this.#lastPrefix = ":";
    if (uri === undefined) this.#bound.delete(prefix);
    else this.#bound.set(prefix, uri);
    this.#elements.clear();
    this.#attributes.clear();
    // The default namespace does not apply to attributes.
    if (prefix === "") return;
    if (before !== undefined) this.#count(before, -1);
    if (uri !== undefined) this.#count(uri, 1);
  }

  #count(uri: string, change: 1 | -1): void {
    const before = this.#prefixes.get(uri) ?? 0;
    const after = before + change;
    if (Math.max(before, after) > 1) this.#synonyms += change;
    if (after === 0) this.#prefixes.delete(uri);
    else this.#prefixes.set(uri, after);
  }
}

/** Rejects a processing instruction whose target contains a colon, which is reserved for prefixes. */
export function checkTarget(target: string): void {
  if (target.includes(":")) throw new Error(`the processing instruction ${target} has a colon in its name`);
}

function keep(names: Map<string, QualifiedName>, name: QualifiedName): QualifiedName {
  if (names.size < maxNames) names.set(name.name, name);
  return name;
}
