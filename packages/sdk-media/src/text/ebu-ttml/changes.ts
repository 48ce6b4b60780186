import type { EbuTtDocument } from "./document.ts";
import type { Attribute, Node, XmlElement } from "./model.ts";
import { TT, XML } from "./namespaces.ts";
import { timeLineFault } from "./resolve.ts";
import { find } from "./root.ts";
import { earlier, later, Time } from "./time.ts";
import { parseTime, type Timing } from "./time-expression.ts";

/** A time at which a document changes. */
export interface Change {
  /** The time of the change. */
  readonly time: Time;
  /** Whether any text or line break is active, together with its region, from here to the next change. */
  readonly isActive: boolean;
}

interface Span {
  readonly begin: Time;
  readonly end: Time | undefined;
}

/** The context of an element: what its times are relative to, and when it ends at the latest. */
interface Place {
  readonly begin: Time;
  readonly latestEnd: Time | undefined;
  /** Whether the container is a sequence. Text in a sequence has no duration. */
  readonly isSequence: boolean;
  /** The interval in which the region of the element is active; undefined means always. */
  readonly region?: Span | undefined;
}

/**
 * Returns the times at which a document changes, by the rules of TTML: containers are parallel or sequential
 * (`timeContainer`), every element can have a `dur`, and `set` and regions have times. The first time is 0.
 *
 * @throws {@link EbuTtError} `UnsupportedTimeBase` under the same conditions as {@link resolve}.
 *
 * @example
 * ```ts
 * const ends = changesOf(document).filter(({ isActive }) => !isActive);
 * ```
 */
export function changesOf(document: EbuTtDocument): readonly Change[] {
  const fault = timeLineFault(document);
  if (fault !== undefined) throw fault;
  const walk = new Walk(document.properties.timing);
  const whole: Place = { begin: Time.zero, latestEnd: undefined, isSequence: false };
  if (document.head !== undefined) walk.regions(document.head, whole);
  if (document.body !== undefined) walk.element(document.body, whole);
  return walk.changes();
}

class Walk {
  readonly #timing: Timing;
  readonly #points: Time[] = [Time.zero];
  readonly #shown: Span[] = [];
  readonly #regions = new Map<string, Span>();

  constructor(timing: Timing) {
    this.#timing = timing;
  }

  regions({ children }: XmlElement, place: Place): void {
    for (const child of children) {
      if (child.kind !== "element" || child.namespace !== TT) continue;
      if (child.localName === "region") this.#region(child, place);
      else if (child.localName === "layout") this.regions(child, place);
    }
  }

  #region(region: XmlElement, place: Place): void {
    const begin = place.begin.plus(this.#time(region.attributes, "begin") ?? Time.zero);
    const id = find(region.attributes, XML, "id");
    const end = this.element(region, place);
    if (id !== undefined) this.#regions.set(id, { begin, end });
  }

  /** @returns The end of the element; undefined if it has none. */
  element(element: Exclude<Node, { kind: "text" }>, place: Place): Time | undefined {
    const { attributes, children } = element;
    const begin = place.begin.plus(this.#time(attributes, "begin") ?? Time.zero);
    const dur = this.#time(attributes, "dur");
    const end = this.#time(attributes, "end");
    const own = earlier(end && place.begin.plus(end), dur && begin.plus(dur));
    const isSequence = find(attributes, "", "timeContainer") === "seq";
    const latestEnd = earlier(own, place.latestEnd);
    const region = this.#regions.get(find(attributes, "", "region")?.trim() ?? "") ?? place.region;
    const implicit = this.#children(children, { begin, latestEnd, isSequence, region }, element);
    const isRegion = element.kind === "element" && element.localName === "region";
    const isLeaf = element.kind === "br" || (element.kind === "element" && !isRegion);
    const isOwn = own !== undefined || isRegion; // a region without its own end has none
    const reached = !isOwn && isLeaf && place.isSequence ? begin : earlier(isOwn ? own : implicit, place.latestEnd);
    if (element.kind === "br") this.#show(begin, reached, region);
    else this.#add(begin, reached);
    return reached;
  }

  #children(children: readonly Node[], place: Place, parent: Node): Time | undefined {
    let at = place.begin;
    let last: Time | undefined = place.begin;
    let isOpen = children.length === 0;
    for (const child of children) {
      if (child.kind === "element" && !(child.namespace === TT && child.localName === "set")) continue;
      if (child.kind === "text" && (parent.kind === "element" || !/[^ \t\r\n]/.test(child.text))) continue;
      const here = { ...place, begin: at };
      const end = child.kind === "text" ? this.#text(here) : this.element(child, here);
      if (child.kind === "element") continue;
      if (end === undefined) isOpen = true;
      else {
        last = later(last, end);
        if (place.isSequence) at = end;
      }
      if (end === undefined && place.isSequence) break; // nothing follows a child without an end
    }
    return isOpen ? undefined : last;
  }

  #text({ begin, latestEnd, isSequence, region }: Place): Time | undefined {
    const end = isSequence ? begin : latestEnd;
    this.#show(begin, end, region);
    return end;
  }

  #show(own: Time, ownEnd: Time | undefined, region: Span | undefined): void {
    const begin = region === undefined ? own : later(own, region.begin);
    const end = earlier(ownEnd, region?.end);
    if (end === undefined || begin.compare(end) < 0) this.#shown.push({ begin, end });
  }

  #add(begin: Time, end: Time | undefined): void {
    if (end !== undefined && begin.compare(end) >= 0) return;
    this.#points.push(begin);
    if (end !== undefined) this.#points.push(end);
  }

  #time(attributes: readonly Attribute[], name: string): Time | undefined {
    const text = find(attributes, "", name);
    return text === undefined ? undefined : parseTime(text, { ...this.#timing, dialect: "ttml" });
  }

  changes(): readonly Change[] {
    const sorted = this.#points.toSorted((a, b) => a.compare(b));
    const times = sorted.filter((time, i) => i === 0 || !time.equals(sorted[i - 1] as Time));
    const begins = this.#shown.map(({ begin }) => begin).sort((a, b) => a.compare(b));
    const ends = this.#shown.flatMap(({ end }) => (end === undefined ? [] : [end])).sort((a, b) => a.compare(b));
    let begun = 0;
    let ended = 0;
    return times.map((time) => {
      while (begun < begins.length && (begins[begun] as Time).compare(time) <= 0) begun++;
      while (ended < ends.length && (ends[ended] as Time).compare(time) <= 0) ended++;
      return Object.freeze({ time, isActive: begun > ended });
    });
  }
}
