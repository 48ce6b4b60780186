import type { EbuTtDocument } from "../text/ebu-ttml/document.ts";
import { EbuTtError } from "../text/ebu-ttml/error.ts";

/** Limits of what is remembered per sequence, and of sequences, since a live job can run for days. */
const maxNumbers = 10_000;
const maxSequences = 100;

/** Assigns sequence numbers to documents, and detects duplicates. */
export class SequenceNumbers {
  readonly #sequences = new Map<string, { highest: number; readonly taken: Set<number> }>();

  /**
   * Returns the document with its own number, or else with the number after the highest one of its sequence, from 1. A
   * document without a sequence identifier does not belong to a sequence and is returned unchanged.
   *
   * @throws {@link EbuTtError} `DuplicateNumber` if the sequence already has a document with this number.
   */
  number(document: EbuTtDocument): EbuTtDocument {
    const { sequenceIdentifier: identifier } = document;
    if (identifier === undefined) return document;
    const sequence = this.#sequences.get(identifier) ?? { highest: 0, taken: new Set() };
    const number = document.sequenceNumber ?? sequence.highest + 1;
    if (sequence.taken.has(number))
      throw new EbuTtError(
        "DuplicateNumber",
        `Document ${number} of the sequence ${identifier} was already written; give each document its own number.`,
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
