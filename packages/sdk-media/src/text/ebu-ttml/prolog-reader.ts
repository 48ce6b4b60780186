import { byteLength, type Piece } from "./position.ts";
import { prologStep } from "./prolog.ts";

/** What came of a prolog: how many characters of the last piece lie before it. */
export interface PrologEnd {
  /** `"nothing"`: a comment or an instruction that belongs to no document. */
  readonly kind: "root" | "doctype" | "damage" | "nothing";
  readonly chars: number;
}

/** Reads what lies before a root, from its `<` on, in pieces cut anywhere; it keeps them. */
export class PrologReader {
  readonly pieces: Piece[] = [];
  bytes = 0;
  #text = ""; // what is not decided yet
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
        // A declaration holds no `<`: this is one of another document.
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
