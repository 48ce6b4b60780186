import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The repository. */
const root: string = resolve(import.meta.dirname, "../..");
/** This package. */
export const home: string = join(root, "conformance");
/** What is made once and kept. */
export const cache: string = join(root, "node_modules", ".cache", "mcai-conformance");
/** The reference material beside the repository: protocol, captures, capture scripts. */
export const shared: string = resolve(root, "../shared");

/** Why the comparison cannot be made here; undefined if it can. */
export function whyNotHere(): string | undefined {
  if (existsSync(join(shared, "peer", "capture_core.py"))) return undefined;
  return "the reference material ../shared is not there";
}
