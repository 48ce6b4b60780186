import type { Position } from "./position.ts";

/** The codes of an {@link EbuTtError}. */
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

/** Details of an {@link EbuTtError}. */
export interface EbuTtErrorDetails {
  /** The position of the fault. */
  readonly position?: Position | undefined;
  /** The local name of the missing or invalid attribute, such as `"sequenceNumber"`. */
  readonly attribute?: string;
  /** The limit that was exceeded. */
  readonly limit?: "size" | "depth" | "elements" | "attributes" | "buffer";
}

/**
 * A fault of a document, or of data between documents. In strict mode, every fault rejects the document. In lenient
 * mode, only `NotWellFormed`, `NotTtml`, `DoctypeForbidden`, `LimitExceeded`, `BadEncoding` and, at the end of the
 * stream, `Truncated` do; other faults are listed in the document's `warnings`.
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
