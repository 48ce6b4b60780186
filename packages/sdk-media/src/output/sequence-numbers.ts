import type { EbuTtDocument } from "../text/ebu-ttml/document.ts";
import { EbuTtError } from "../text/ebu-ttml/error.ts";

/** How many numbers of a sequence, and how many sequences, are remembered: a live job goes on for days. */
const maxNumbers = 10_000;
const maxSequences = 100;

/** The numbers of the documents that were written, by sequence. */
export class SequenceNumbers {
  readonly #sequences = new Map<string, { highest: number; readonly taken: Set<number> }>();

  /**
   * The document with a number: its own, or if it has none the one behind the highest of its sequence, from 1. What has no
   * sequence identifier is of no sequence, and stays as it is.
   *
   * @throws {EbuTtError} `DuplicateNumber` if its number was there.
   */
  number(document: EbuTtDocument): EbuTtDocument {
    const { sequenceIdentifier: identifier } = document;
    if (identifier === undefined) return document;
    const sequence = this.#sequences.get(identifier) ?? { highest: 0, taken: new Set() };
    const number = document.sequenceNumber ?? sequence.highest + 1;
    if (sequence.taken.has(number))
      throw new EbuTtError(
        "DuplicateNumber",
        `A document ${number} of the sequence ${identifier} was written already; give each a number of its own.`,
        { attribute: "sequenceNumber" },
      );
    sequence.taken.add(number);
    sequence.highest = Math.max(sequence.highest, number);
    forgetOldest(sequence.taken, maxNumbers);
    this.#sequences.set(identifier, sequence);
    forgetOldest(this.#sequences, maxSequences);
    return document.sequenceNumber === undefined ? document.with({ sequenceNumber: number }) : document;
  }
}

function forgetOldest<Key>(
  from: { readonly size: number; keys(): Iterator<Key>; delete(key: Key): boolean },
  max: number,
) {
  if (from.size > max) from.delete(from.keys().next().value as Key);
}
