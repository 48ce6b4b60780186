import type { Position } from "./position.ts";

/** What can be wrong with a document, or between documents. */
export type EbuTtErrorCode =
  | "NotWellFormed"
  | "NotTtml"
  | "MissingAttribute"
  | "BadValue"
  | "BadTimeExpression"
  | "TimeBaseMismatch"
  | "UnsupportedTimeBase"
  | "DuplicateId"
  | "UnknownReference"
  | "BadStructure"
  | "SequenceMismatch"
  | "DuplicateNumber"
  | "DoctypeForbidden"
  | "LimitExceeded"
  | "Truncated"
  | "BadEncoding";

/** What more an error says. */
export interface EbuTtErrorDetails {
  /** Where it is. */
  readonly position?: Position | undefined;
  /** The attribute that is missing or wrong, without prefix: `"sequenceNumber"`. */
  readonly attribute?: string;
  /** Which limit was exceeded. */
  readonly limit?: "size" | "depth" | "elements" | "attributes" | "buffer";
}

/**
 * A fault of one document, or of what lies between documents. In strict mode each rejects the document; in lenient mode
 * only `NotWellFormed`, `NotTtml`, `DoctypeForbidden`, `LimitExceeded`, `BadEncoding` and, at the end of the stream,
 * `Truncated` do, and the others are the document's `warnings`.
 */
export class EbuTtError extends Error {
  override readonly name = "EbuTtError";
  readonly code: EbuTtErrorCode;
  readonly position: Position | undefined;
  readonly attribute: string | undefined;
  readonly limit: EbuTtErrorDetails["limit"];

  constructor(code: EbuTtErrorCode, message: string, details: EbuTtErrorDetails = {}) {
    const { position } = details;
    super(position === undefined ? message : `line ${position.line}, column ${position.column}: ${message}`);
    this.code = code;
    this.position = position;
    this.attribute = details.attribute;
    this.limit = details.limit;
  }
}
