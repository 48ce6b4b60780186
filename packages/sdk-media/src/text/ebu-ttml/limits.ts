/** What a document may cost. What exceeds a limit is refused, whatever the mode. */
export interface Limits {
  /** The bytes of a document, and what is kept of one that has not ended. @default 1048576 */
  readonly documentBytes: number;
  /** How deep elements may be nested. @default 64 */
  readonly depth: number;
  /** @default 50000 */
  readonly elements: number;
  /** Of one element. @default 64 */
  readonly attributes: number;
}

/** The limits that hold unless others are given. */
export const DEFAULT_LIMITS: Limits = { documentBytes: 1 << 20, depth: 64, elements: 50_000, attributes: 64 };
