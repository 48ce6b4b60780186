/** The limits of a document. A document that exceeds one is rejected in both modes. */
export interface Limits {
  /** The maximum size of a document in bytes, also of an incomplete one. @default 1048576 */
  readonly documentBytes: number;
  /** The maximum depth of nested elements. @default 64 */
  readonly depth: number;
  /** The maximum number of elements. @default 50000 */
  readonly elements: number;
  /** The maximum number of attributes per element. @default 64 */
  readonly attributes: number;
}

/** The default limits. */
export const DEFAULT_LIMITS: Limits = { documentBytes: 1 << 20, depth: 64, elements: 50_000, attributes: 64 };
