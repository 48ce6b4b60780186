import type { EbuTtDocument } from "./document.ts";
import { EbuTtError, type EbuTtErrorCode } from "./error.ts";
import { type Interval, type ResolvedDocument, resolve, timeLineFault } from "./resolve.ts";
import { earlier, later, type Time } from "./time.ts";

/** When a document was there, and what else limits its times. */
export interface Arrival {
  /** In the time line of the document's times. @default nought */
  readonly availability?: Time;
  /** A begin from outside: the document is not shown before. */
  readonly begin?: Time;
  /** An end from outside: the document is not shown after. */
  readonly end?: Time;
}

/** When a document of a sequence is shown. */
export interface ResolvedInterval extends Interval {
  readonly document: EbuTtDocument;
  /** Whether it is never shown, for it would end at or before its begin. */
  readonly isDiscarded: boolean;
  /** The times inside of the document, before others cut it short. */
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
 * The documents of one sequence, and when each is shown: at most one at any time, and a higher number takes the place of
 * lower ones. It makes no difference in which order they come.
 *
 * @example
 * ```ts
 * const sequence = new Sequence();
 * const refused = sequence.add(document, { availability: Time.fromMilliseconds(now) });
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
   * @returns why it was not taken: `MissingAttribute` without an identifier and a number, `SequenceMismatch` for another
   * sequence or authors group, `TimeBaseMismatch` for another time base or clock, `DuplicateNumber` for a number that is
   * there already (the first one stays, with its availability) or was forgotten, `UnsupportedTimeBase` for times that are in
   * no time line (`resolve`).
   */
  add(document: EbuTtDocument, arrival: Arrival = {}): EbuTtError | undefined {
    const { sequenceNumber: number } = document;
    const refused = this.#refusal(document) ?? timeLineFault(document);
    if (refused !== undefined || number === undefined) return refused;
    const at = this.#indexOf(number);
    if (number <= this.#forgotten || this.#entries[at]?.number === number) {
      return refusal("DuplicateNumber", `There was a document ${number} of the sequence already.`, "sequenceNumber");
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

  /** When each document is shown, by their numbers. */
  intervals(): readonly ResolvedInterval[] {
    if (this.#intervals !== undefined) return this.#intervals;
    const found: ResolvedInterval[] = [];
    let taken: Time | undefined; // from here on a higher number has taken over
    for (const { document, times, begin, end: own } of this.#entries.toReversed()) {
      const end = earlier(own, taken);
      found.push({ document, times, begin, end, isDiscarded: end !== undefined && end.compare(begin) <= 0 });
      taken = earlier(taken, begin);
    }
    this.#intervals = Object.freeze(found.reverse());
    return this.#intervals;
  }

  /** The document that is shown at a time. */
  activeAt(time: Time): ResolvedInterval | undefined {
    return this.intervals().find(
      ({ begin, end, isDiscarded }) =>
        !isDiscarded && begin.compare(time) <= 0 && (end === undefined || end.compare(time) > 0),
    );
  }

  /**
   * Forgets what has ended, so that a sequence that goes on for days stays small. What comes later with a lower number is
   * refused: it could not be shown any more.
   *
   * @param time now: later documents must not be available before.
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
      const message = `The document is of the sequence ${sequenceIdentifier}, not of ${first.sequenceIdentifier}.`;
      return refusal("SequenceMismatch", message, "sequenceIdentifier");
    }
    for (const name of ["timeBase", "clockMode"] as const) {
      if (properties[name] === first.properties[name]) continue;
      return refusal("TimeBaseMismatch", `${name} is ${properties[name]}, and ${first.properties[name]} before.`, name);
    }
    const group = properties.authorsGroupIdentifier;
    if (group === undefined || this.#group === undefined || group === this.#group) return undefined;
    return refusal(
      "SequenceMismatch",
      `The authors group is ${group}, and ${this.#group} before.`,
      "authorsGroupIdentifier",
    );
  }

  // Where a number is or belongs; most come last.
  #indexOf(number: number): number {
    return this.#entries.findLastIndex((entry) => entry.number < number) + 1;
  }
}

function refusal(code: EbuTtErrorCode, message: string, attribute: string): EbuTtError {
  return new EbuTtError(code, message, { attribute });
}
