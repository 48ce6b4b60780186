import { EbuTtError } from "./error.ts";
import { type Piece, type Position, SourceText } from "./position.ts";
import { PrologReader } from "./prolog-reader.ts";
import type { DocumentReader } from "./reader.ts";
import { ResyncScanner } from "./resync-scanner.ts";

/** A document whose root has begun. */
export type Reading = {
  readonly reader: DocumentReader;
  readonly source: SourceText;
  readonly first: Piece;
  /** Where the root begins, in characters. */
  readonly rootStart: number;
  bytes: number;
};

/** A document that has begun, and not ended. */
export type StartedDocument = PrologReader | Reading;

/** Whether it is one. */
export function isStarted(state: StartedDocument | ResyncScanner | undefined): state is StartedDocument {
  return state !== undefined && !(state instanceof ResyncScanner);
}

/** Where it began. */
export function firstOf(state: StartedDocument): Piece | undefined {
  return state instanceof PrologReader ? state.pieces[0] : state.first;
}

/** Up to where it was read. */
export function endOf(state: StartedDocument): Position {
  const source = state instanceof PrologReader ? sourceOf(state.pieces) : state.source;
  return source.positionAt(source.length);
}

/** That nothing follows it. */
export function truncated(state: StartedDocument): EbuTtError {
  return new EbuTtError("Truncated", "The document has not ended.", { position: endOf(state) });
}

/** What of it may belong to others: what follows an `&`, say, or is in a comment that does not end. */
export function unsettled(state: StartedDocument): Piece[] {
  if (state instanceof PrologReader) return sourceOf(state.pieces).from(1);
  // Behind the root's own beginning, or it would be found again.
  return state.source.from(Math.max(state.reader.settled, state.rootStart + 1));
}

function sourceOf(pieces: readonly Piece[]): SourceText {
  const source = new SourceText();
  for (const piece of pieces) source.append(piece);
  return source;
}
