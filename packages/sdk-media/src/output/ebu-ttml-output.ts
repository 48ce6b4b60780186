import { MediaError, mediaError } from "../errors.ts";
import { EbuTtDocument } from "../text/ebu-ttml/document.ts";
import { write } from "../text/ebu-ttml/write.ts";
import { Output } from "./output.ts";
import { SequenceNumbers } from "./sequence-numbers.ts";
import type { SrtSink } from "./srt-sink.ts";

/**
 * Writes EBU-TTML documents one after another, in the form that `ebuTtmlStream` and a `Framer` read. A document keeps
 * its sequence number; a document without one gets the next number of its sequence. Each identifier has its own
 * sequence, from 1.
 *
 * @example
 * ```ts
 * const out = job.output.ebuTtml("/out/tr-de.xml");
 * await out.write(document.with({ sequenceIdentifier: "tr-de", language: "de" }));
 * ```
 */
export class EbuTtmlOutput extends Output<EbuTtDocument> {
  readonly #numbers = new SequenceNumbers();

  /** @internal */
  constructor(path: string, peer?: SrtSink) {
    super(path, { head: "", separator: "\n", tail: "\n" }, peer);
  }

  /**
   * Writes a document; see {@link Output.write}.
   *
   * @throws {@link EbuTtError} `DuplicateNumber` if its sequence already has a document with its number.
   * @throws {@link MediaError} `OUTPUT_FAILED` if it cannot be written.
   */
  override write(document: EbuTtDocument): Promise<void> {
    return super.write(document);
  }

  /** @internal */
  protected toPiece(document: EbuTtDocument): string {
    if (!(document instanceof EbuTtDocument))
      throw mediaError(
        "OUTPUT_FAILED",
        `${this.path}: expected an EbuTtDocument, such as ebuTtmlStream and parseDocument create`,
      );
    return write(this.#numbers.number(document));
  }
}
