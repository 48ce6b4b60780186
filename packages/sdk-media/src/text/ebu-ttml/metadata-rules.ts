import { textOfElement } from "./message.ts";
import type { Text, XmlElement } from "./model.ts";
import { EBUTTM } from "./namespaces.ts";
import { find, type Report } from "./root.ts";
import { parseTime, type Timing } from "./time-expression.ts";

// The order of these elements in documentMetadata; all other document… elements come before them.
const ORDER = [
  "originalSourceServiceIdentifier",
  "intendedDestinationServiceIdentifier",
  "documentFacet",
  "appliedProcessing",
];
const EXPRESSES = ["has", "has_not", "unknown"];
const SUMMARIES = ["all_has", "all_has_not", "all_unknown", "mixed", "unspecified"];

/** The rules of EBU-TT for metadata. Strict mode checks each element when it is complete. */
export class MetadataRules {
  readonly #report: Report;
  /** The values of the facets, by term. */
  readonly #facets = new Map<string, Set<string>>();
  readonly #summaries: { readonly term: string; readonly summary: string }[] = [];

  constructor(report: Report) {
    this.#report = report;
  }

  check(element: XmlElement, timing: Timing): void {
    if (element.localName === "metadata") this.#checkFacets(element);
    if (element.namespace !== EBUTTM) return;
    const { localName } = element;
    if (localName === "documentMetadata") this.#checkOrder(element);
    else if (localName === "appliedProcessing") this.#checkProcessing(element);
    else if (localName === "facet") this.#addFacet(element);
    else if (localName === "documentFacet") this.#addSummary(element);
    else if (localName === "documentStartOfProgramme") {
      const text = textOfElement(element).trim();
      if (parseTime(text, timing) !== undefined) return;
      this.#report(
        "BadTimeExpression",
        `documentStartOfProgramme is ${JSON.stringify(text)}, which is not a time expression.`,
      );
    }
  }

  /** Checks the summaries of the head against the facets of the content, when the document is complete. */
  checkSummaries(): void {
    for (const { term, summary } of this.#summaries) {
      const expected = summary.replace(/^all_/, "");
      const expressed = this.#facets.get(term);
      const others = (expressed?.size ?? 0) - (expressed?.has(expected) ? 1 : 0);
      if (summary.startsWith("all_") && others > 0) {
        this.#report(
          "BadValue",
          `A documentFacet has the summary ${summary}, but a facet of the same term differs.`,
          "summary",
        );
      }
    }
  }

  #checkOrder({ children }: XmlElement): void {
    let last = 0;
    for (const { localName } of children.filter(isEbuttm)) {
      const index = ORDER.indexOf(localName);
      if (index < 0 && !localName.startsWith("document")) continue;
      if (index + 1 < last) this.#report("BadStructure", `${localName} is out of order in documentMetadata.`);
      last = Math.max(last, index + 1);
    }
  }

  #checkFacets({ children }: XmlElement): void {
    const terms = new Set<string>();
    for (const facet of children.filter(isEbuttm)) {
      if (facet.localName !== "facet") continue;
      const term = termOf(facet);
      if (terms.has(term)) this.#report("BadStructure", "There is a second facet of the same term.");
      terms.add(term);
    }
  }

  #checkProcessing({ attributes }: XmlElement): void {
    for (const name of ["process", "generatedBy"]) {
      if (!find(attributes, "", name)) this.#report("MissingAttribute", `appliedProcessing has no ${name}.`, name);
    }
  }

  #addFacet(facet: XmlElement): void {
    const expresses = find(facet.attributes, "", "expresses");
    if (expresses !== undefined) this.#oneOf("expresses", expresses, EXPRESSES);
    const term = termOf(facet);
    const expressed = this.#facets.get(term) ?? new Set();
    this.#facets.set(term, expressed.add(expresses ?? "unknown"));
  }

  #addSummary(facet: XmlElement): void {
    const summary = find(facet.attributes, "", "summary");
    if (summary === undefined) return;
    this.#oneOf("summary", summary, SUMMARIES);
    this.#summaries.push({ term: termOf(facet), summary });
  }

  #oneOf(name: string, value: string, values: readonly string[]): void {
    if (values.includes(value)) return;
    this.#report("BadValue", `${name} is ${JSON.stringify(value)}, expected one of ${values.join(", ")}.`, name);
  }
}

function isEbuttm(node: XmlElement | Text): node is XmlElement {
  return node.kind === "element" && node.namespace === EBUTTM;
}

function termOf(facet: XmlElement): string {
  return `${find(facet.attributes, "", "link") ?? ""} ${textOfElement(facet).trim()}`;
}
