import type { EbuTtDocument } from "./document.ts";
import { EbuTtError } from "./error.ts";
import type { Node, TimedElement } from "./model.ts";
import { earlier, later, Time } from "./time.ts";

/** The interval in which something is active. What ends at or before its begin is never displayed. */
export interface Interval {
  readonly begin: Time;
  /** The end; undefined if it is open. */
  readonly end: Time | undefined;
}

/** The times of a document and of its elements, on the timeline of its availability time. */
export interface ResolvedDocument extends Interval {
  /** Returns when an element is active; undefined if it never is, because it begins at or after its own end. */
  intervalOf(element: TimedElement): Interval | undefined;
}

type Computed = { begin: Time; end: Time | undefined };

/**
 * Resolves the times in a document by the rules of EBU-TT Live: containers are parallel, and times are relative to the
 * begin of the parent. An element without a begin begins with its earliest child. Nothing begins before the document is
 * available.
 *
 * @param document - The document.
 * @param availability - When the document became available. @default 0
 * @throws {@link EbuTtError} `UnsupportedTimeBase` for the time base `smpte` with discontinuous markers, whose times
 *   have no timeline.
 *
 * @example
 * ```ts
 * const times = resolve(document, Time.fromSeconds(12.5));
 * for (const paragraph of paragraphs(document)) use(times.intervalOf(paragraph)?.begin.milliseconds);
 * ```
 */
export function resolve(document: EbuTtDocument, availability: Time = Time.zero): ResolvedDocument {
  const fault = timeLineFault(document);
  if (fault !== undefined) throw fault;
  const intervals = new Map<TimedElement, Interval>();
  const { body } = document;
  if (body === undefined) return { begin: availability, end: availability, intervalOf: () => undefined };
  const computed = compute(body, { begin: Time.zero, end: undefined }, availability, intervals);
  const { begin, end } = computed ?? { begin: Time.zero, end: undefined };
  return { begin: later(begin, availability), end, intervalOf: (element) => intervals.get(element) };
}

/** Returns the `UnsupportedTimeBase` error of a document whose times have no timeline; otherwise undefined. */
export function timeLineFault({ timeBase, properties }: EbuTtDocument): EbuTtError | undefined {
  if (timeBase !== "smpte" || properties.markerMode !== "discontinuous") return undefined;
  const message = "Times of the time base smpte with discontinuous markers have no timeline.";
  return new EbuTtError("UnsupportedTimeBase", message, { attribute: "markerMode" });
}

function compute(
  element: TimedElement,
  parent: Computed,
  availability: Time,
  intervals: Map<TimedElement, Interval>,
): Computed | undefined {
  const ownBegin = element.begin?.time;
  if (ownBegin !== undefined && element.end?.time !== undefined && ownBegin.compare(element.end.time) >= 0)
    return undefined;
  const base = ownBegin === undefined ? parent.begin : parent.begin.plus(ownBegin);
  const ownEnd = endOf(element, parent.begin, base, availability);
  const latestEnd = earlier(ownEnd, parent.end);
  let begin: Time | undefined;
  let end: Time | undefined;
  let isOpen = false;
  let isLeaf = true;
  for (const child of element.children as readonly Node[]) {
    const part = partOf(child, { begin: base, end: latestEnd }, availability, intervals);
    if (part === undefined) continue;
    isLeaf = false;
    begin = earlier(begin, part.begin);
    isOpen ||= part.end === undefined;
    if (part.end !== undefined) end = end === undefined ? part.end : later(end, part.end);
  }
  const computed = {
    begin: ownBegin === undefined ? (begin ?? base) : base,
    end: ownEnd !== undefined || isLeaf || isOpen ? latestEnd : earlier(end, latestEnd),
  };
  intervals.set(element, { begin: later(computed.begin, availability), end: computed.end });
  return computed;
}

function partOf(
  child: Node,
  parent: Computed,
  availability: Time,
  intervals: Map<TimedElement, Interval>,
): Computed | undefined {
  if (child.kind === "div" || child.kind === "p" || child.kind === "span")
    return compute(child, parent, availability, intervals);
  // Text outside of a span is displayed as long as its parent.
  return child.kind === "text" && /[^ \t\r\n]/.test(child.text) ? parent : undefined;
}

function endOf(element: TimedElement, parentBegin: Time, base: Time, availability: Time): Time | undefined {
  const end = element.end?.time && parentBegin.plus(element.end.time);
  const dur = element.dur?.time;
  if (dur === undefined) return end;
  // A body with only a duration lasts from its availability.
  const from = element.kind === "body" && element.begin?.time === undefined ? availability : base;
  return earlier(end, from.plus(dur));
}
