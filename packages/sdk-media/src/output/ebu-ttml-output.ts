import { MediaError } from "../errors.ts";
import { EbuTtDocument } from "../text/ebu-ttml/document.ts";
import { write } from "../text/ebu-ttml/write.ts";
import { Output } from "./output.ts";
import { SequenceNumbers } from "./sequence-numbers.ts";
import type { SrtSink } from "./srt-sink.ts";

/**
 * Writes documents of EBU-TTML one behind the other, as `ebuTtmlStream` and a `Framer` read them. A document keeps its
 * sequence number; one without gets the next of its sequence, and another identifier is another sequence, from 1.
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
   * Adds a document; as that of every output.
   *
   * @throws {EbuTtError} `DuplicateNumber` if a document of its sequence was written with its number.
   * @throws {MediaError} `OUTPUT_FAILED`.
   */
  override write(document: EbuTtDocument): Promise<void> {
    return super.write(document);
  }

  /** @internal */
  protected toPiece(document: EbuTtDocument): string {
    if (!(document instanceof EbuTtDocument))
      throw new MediaError(
        "OUTPUT_FAILED",
        `${this.path}: expected a document, as ebuTtmlStream and parseDocument give it`,
      );
    return write(this.#numbers.number(document));
  }
}
