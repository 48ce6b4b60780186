import { idsOf } from "./element.ts";
import type { EbuTtErrorCode } from "./error.ts";
import type { ContentElement, XmlElement } from "./model.ts";
import { TT, XML } from "./namespaces.ts";
import type { Report } from "./root.ts";

type ReportAt = (code: EbuTtErrorCode, message: string, attribute: string, at: number) => void;

const NAME = /^[\p{L}_][\p{L}\p{M}\p{N}_.\-·]*$/u;

// Ten times the number of reported faults. Unresolved references use memory, and those of the body are never resolved
// later.
const maxUnknown = 1000;

/** The ids of a document and the references to them, which may come first. */
export class Identifiers {
  readonly #ids = new Set<string>();
  readonly #targets = { style: new Set<string>(), region: new Set<string>() };
  // References to ids that do not exist yet, with the position of the first reference.
  readonly #unknown = { style: new Map<string, number>(), region: new Map<string, number>() };

  #lastStyle: readonly string[] | undefined;

  add(element: Omit<XmlElement, "children">, tagStart: () => number, report: Report): void {
    const isTt = element.namespace === TT;
    for (const { namespace, localName, value } of element.attributes) {
      if (namespace === XML && localName === "id") {
        this.#add(value, report);
        if (isTt && (element.localName === "style" || element.localName === "region")) {
          this.#targets[element.localName].add(value);
          this.#unknown[element.localName].delete(value);
        }
      } else if (namespace === "" && isTt && (localName === "style" || localName === "region")) {
        if (localName === "region") this.#refer(localName, value.trim(), tagStart);
        else for (const id of idsOf(value)) this.#refer(localName, id, tagStart);
      }
    }
  }

  addContent({ id, style, region }: ContentElement, tagStart: () => number, report: Report): void {
    if (id !== undefined) this.#add(id, report);
    // A repeated list contains no new references.
    if (style !== this.#lastStyle) for (const name of style) this.#refer("style", name, tagStart);
    this.#lastStyle = style;
    if (region !== undefined) this.#refer("region", region, tagStart);
  }

  #refer(kind: "style" | "region", id: string, tagStart: () => number): void {
    const unknown = this.#unknown[kind];
    if (unknown.size >= maxUnknown || this.#targets[kind].has(id) || unknown.has(id)) return;
    unknown.set(id, tagStart());
  }

  /** Reports the unknown references at the end of the document, each id once. */
  resolve(report: ReportAt): void {
    for (const kind of ["style", "region"] as const) {
      for (const [id, at] of this.#unknown[kind])
        report("UnknownReference", `There is no ${kind} ${JSON.stringify(id)}.`, kind, at);
    }
  }

  #add(id: string, report: Report): void {
    if (!NAME.test(id)) report("BadValue", `xml:id is ${JSON.stringify(id)}, which is not a valid XML name.`, "id");
    if (this.#ids.has(id))
      report("DuplicateId", `There is a second element with the xml:id ${JSON.stringify(id)}.`, "id");
    this.#ids.add(id);
  }
}
