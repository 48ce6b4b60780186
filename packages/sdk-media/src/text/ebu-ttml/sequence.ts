import type { EbuTtDocument } from "./document.ts";
import { EbuTtError, type EbuTtErrorCode } from "./error.ts";
import { type Interval, type ResolvedDocument, resolve, timeLineFault } from "./resolve.ts";
import { earlier, later, type Time } from "./time.ts";

/** When a document became available, and external limits of its times. */
export interface Arrival {
  /** The availability time, on the timeline of the document's times. @default 0 */
  readonly availability?: Time;
  /** An external begin: the document is not displayed before it. */
  readonly begin?: Time;
  /** An external end: the document is not displayed after it. */
  readonly end?: Time;
}

/** The interval in which a document of a sequence is displayed. */
export interface ResolvedInterval extends Interval {
  /** The document. */
  readonly document: EbuTtDocument;
  /** Whether it is never displayed, because it would end at or before its begin. */
  readonly isDiscarded: boolean;
  /** The times of the document by itself, without the other documents of the sequence. */
  readonly times: ResolvedDocument;
}

interface Entry {
  readonly number: number;
  readonly document: EbuTtDocument;
  readonly times: ResolvedDocument;
  readonly begin: Time;
  readonly end: Time | undefined;
}

/**
 * The documents of one sequence, and when each is displayed: at most one at a time, and a higher number replaces lower
 * ones. The order in which documents are added does not matter.
 *
 * @example
 * ```ts
 * const sequence = new Sequence();
 * const rejection = sequence.add(document, { availability: Time.fromMilliseconds(now) });
 * if (refused !== undefined) job.log.warn(refused.message);
 * const shown = sequence.activeAt(Time.fromMilliseconds(now));
 * ```
 */
export class Sequence {
  readonly #entries: Entry[] = []; // by number
  #first: EbuTtDocument | undefined;
  #group: string | undefined;
  #forgotten = 0;
  #intervals: readonly ResolvedInterval[] | undefined;

  /**
   * Adds a document.
   *
   * @param document - The document.
   * @param arrival - When it became available, and external limits. @default {}
   * @returns Why the document was rejected, or undefined: `MissingAttribute` without an identifier or a number,
   *   `SequenceMismatch` for another sequence or authors group, `TimeBaseMismatch` for another time base or clock,
   *   `DuplicateNumber` for a number that exists (the first document stays, with its availability) or was forgotten,
   *   `UnsupportedTimeBase` for times that have no timeline (see {@link resolve}).
   */
  add(document: EbuTtDocument, arrival: Arrival = {}): EbuTtError | undefined {
    const { sequenceNumber: number } = document;
    const rejection = this.#refusal(document) ?? timeLineFault(document);
    if (rejection !== undefined || number === undefined) return rejection;
    const at = this.#indexOf(number);
    if (number <= this.#forgotten || this.#entries[at]?.number === number) {
      return refusal("DuplicateNumber", `The sequence already had a document ${number}.`, "sequenceNumber");
    }
    const times = resolve(document, arrival.availability);
    const begin = arrival.begin === undefined ? times.begin : later(times.begin, arrival.begin);
    const dur = document.body?.dur?.time;
    const end = earlier(earlier(times.end, arrival.end), dur && begin.plus(dur));
    this.#entries.splice(at, 0, { number, document, times, begin, end });
    this.#first ??= document;
    this.#group ??= document.properties.authorsGroupIdentifier;
    this.#intervals = undefined;
    return undefined;
  }

  /** Returns when each document is displayed, in the order of their numbers. */
  intervals(): readonly ResolvedInterval[] {
    if (this.#intervals !== undefined) return this.#intervals;
    const found: ResolvedInterval[] = [];
    let taken: Time | undefined; // from here on, a higher number is displayed
    for (const { document, times, begin, end: own } of this.#entries.toReversed()) {
      const end = earlier(own, taken);
      found.push({ document, times, begin, end, isDiscarded: end !== undefined && end.compare(begin) <= 0 });
      taken = earlier(taken, begin);
    }
    this.#intervals = Object.freeze(found.reverse());
    return this.#intervals;
  }

  /** Returns the document that is displayed at a time. */
  activeAt(time: Time): ResolvedInterval | undefined {
    return this.intervals().find(
      ({ begin, end, isDiscarded }) =>
        !isDiscarded && begin.compare(time) <= 0 && (end === undefined || end.compare(time) > 0),
    );
  }

  /**
   * Forgets documents that have ended, so that a sequence that runs for days stays small. A later document with a lower
   * number is rejected, since it could no longer be displayed.
   *
   * @param time - The current time; documents that are added later must not be available before it.
   */
  forgetBefore(time: Time): void {
    const intervals = this.intervals();
    const last = intervals.findLastIndex(
      ({ begin, end }) => begin.compare(time) <= 0 && end !== undefined && end.compare(time) <= 0,
    );
    for (const { number } of this.#entries.splice(0, last + 1)) this.#forgotten = number;
    this.#intervals = undefined;
  }

  #refusal({ properties, sequenceIdentifier, sequenceNumber }: EbuTtDocument): EbuTtError | undefined {
    const missing = sequenceIdentifier === undefined ? "sequenceIdentifier" : "sequenceNumber";
    if (sequenceIdentifier === undefined || sequenceNumber === undefined) {
      return refusal("MissingAttribute", `${missing} is missing.`, missing);
    }
    const first = this.#first;
    if (first === undefined) return undefined;
    if (sequenceIdentifier !== first.sequenceIdentifier) {
      const message = `The document belongs to the sequence ${sequenceIdentifier}, not to ${first.sequenceIdentifier}.`;
      return refusal("SequenceMismatch", message, "sequenceIdentifier");
    }
    for (const name of ["timeBase", "clockMode"] as const) {
      if (properties[name] === first.properties[name]) continue;
      return refusal(
        "TimeBaseMismatch",
        `${name} is ${properties[name]}, but was ${first.properties[name]} before.`,
        name,
      );
    }
    const group = properties.authorsGroupIdentifier;
    if (group === undefined || this.#group === undefined || group === this.#group) return undefined;
    return refusal(
      "SequenceMismatch",
      `The authors group is ${group}, but was ${this.#group} before.`,
      "authorsGroupIdentifier",
    );
  }

  // Returns the index of a number, or where to insert it; it is usually the last.
  #indexOf(number: number): number {
    return this.#entries.findLastIndex((entry) => entry.number < number) + 1;
  }
}

function refusal(code: EbuTtErrorCode, message: string, attribute: string): EbuTtError {
  return new EbuTtError(code, message, { attribute });
}
