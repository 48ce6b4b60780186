import type { Limits } from "./limits.ts";

/** How documents are read. */
export interface ParseOptions {
  /**
   * `"strict"` rejects a document for any fault, by Tech 3370; `"lenient"` keeps what can be read, with `warnings`.
   *
   * @default "lenient"
   */
  readonly mode?: "strict" | "lenient";
  /** Strict mode takes the time base `smpte`, which EBU-TT Part 1 has and Live before 1.0 had. @default false */
  readonly allowSmpte?: boolean;
  /** @default 1 MiB, 64 deep, 50,000 elements, 64 attributes an element */
  readonly limits?: Partial<Limits>;
}
