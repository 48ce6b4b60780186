import type { Limits } from "./limits.ts";

/** Options of {@link parse}, {@link parseDocument} and {@link Framer}. */
export interface ParseOptions {
  /**
   * `"strict"` rejects a document for any fault, by Tech 3370; `"lenient"` reads what it can and lists faults in
   * `warnings`.
   *
   * @default "lenient"
   */
  readonly mode?: "strict" | "lenient";
  /**
   * Whether strict mode accepts the time base `smpte` of EBU-TT Part 1 and of EBU-TT Live before 1.0. @default false
   */
  readonly allowSmpte?: boolean;
  /** The limits of a document. @default 1 MiB, 64 levels, 50,000 elements, 64 attributes per element */
  readonly limits?: Partial<Limits>;
}
