import { byteLength, type Piece } from "./position.ts";
import { prologStep } from "./prolog.ts";

/** The end of a prolog; `chars` is the number of characters of the last piece before it. */
export interface PrologEnd {
  /** `"nothing"` is a comment or an instruction that does not belong to a document. */
  readonly kind: "root" | "doctype" | "damage" | "nothing";
  readonly chars: number;
}

/** Reads the prolog of a document from its first `<` on, in pieces that are split anywhere, and keeps them. */
export class PrologReader {
  readonly pieces: Piece[] = [];
  bytes = 0;
  #text = ""; // text that cannot be interpreted yet
  #terminator: "-->" | "?>" | undefined;
  #isDeclared = false;
  #isInDeclaration = false;

  feed(piece: Piece): PrologEnd | undefined {
    this.pieces.push(piece);
    this.bytes += byteLength(piece, piece.text.length);
    let text = this.#text + piece.text;
    const end = (kind: PrologEnd["kind"]) => ({ kind, chars: piece.text.length - text.length });
    for (;;) {
      if (this.#terminator !== undefined) {
        const at = text.indexOf(this.#terminator);
        // A declaration cannot contain a `<`: this one starts another document.
        const other = this.#isInDeclaration ? text.indexOf("<") : -1;
        if (other >= 0 && (at < 0 || other < at)) {
          text = text.slice(other);
          return end("damage");
        }
        if (at < 0) {
          this.#text = text.slice(1 - this.#terminator.length);
          return undefined;
        }
        text = text.slice(at + this.#terminator.length);
        this.#terminator = undefined;
        this.#isInDeclaration = false;
        if (!this.#isDeclared) return end("nothing");
      }
      const step = prologStep(text, 0);
      if (step.kind === "more") {
        this.#text = text;
        return undefined;
      }
      if (step.kind === "space") text = text.slice(step.chars);
      else if ("terminator" in step) {
        this.#isInDeclaration = step.kind === "declaration";
        this.#isDeclared ||= this.#isInDeclaration;
        this.#terminator = step.terminator;
        text = text.slice(step.chars);
      } else return end(step.kind);
    }
  }
}
