import { EbuTtError } from "./error.ts";
import { type Piece, type Position, SourceText } from "./position.ts";
import { PrologReader } from "./prolog-reader.ts";
import type { DocumentReader } from "./reader.ts";
import { ResyncScanner } from "./resync-scanner.ts";

/** A document whose root has started. */
export type Reading = {
  readonly reader: DocumentReader;
  readonly source: SourceText;
  readonly first: Piece;
  /** The position of the root, in characters. */
  readonly rootStart: number;
  bytes: number;
};

/** A document that has started and is not complete. */
export type StartedDocument = PrologReader | Reading;

/** Whether a state of the framer is an incomplete document. */
export function isStarted(state: StartedDocument | ResyncScanner | undefined): state is StartedDocument {
  return state !== undefined && !(state instanceof ResyncScanner);
}

/** Returns the piece in which the document starts. */
export function firstOf(state: StartedDocument): Piece | undefined {
  return state instanceof PrologReader ? state.pieces[0] : state.first;
}

/** Returns the position up to which the document was read. */
export function endOf(state: StartedDocument): Position {
  const source = state instanceof PrologReader ? sourceOf(state.pieces) : state.source;
  return source.positionAt(source.length);
}

/** Creates the error of a document that is incomplete at the end of the stream. */
export function truncated(state: StartedDocument): EbuTtError {
  return new EbuTtError("Truncated", "The document is incomplete.", { position: endOf(state) });
}

/** Returns the data that may belong to other documents, such as that after an `&`, or in an unterminated comment. */
export function unsettled(state: StartedDocument): Piece[] {
  if (state instanceof PrologReader) return sourceOf(state.pieces).from(1);
  // After the start of the root; otherwise the root would be found again.
  return state.source.from(Math.max(state.reader.settled, state.rootStart + 1));
}

function sourceOf(pieces: readonly Piece[]): SourceText {
  const source = new SourceText();
  for (const piece of pieces) source.append(piece);
  return source;
}
