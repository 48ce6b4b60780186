import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

/** The repository. */
const root: string = resolve(import.meta.dirname, "../..");
/** This package. */
export const home: string = join(root, "conformance");
/** The folder for what is made once and kept. */
export const cache: string = join(root, "node_modules", ".cache", "mcai-conformance");
/** The reference material next to the repository: protocol, captures, capture scripts. */
export const shared: string = resolve(root, "../shared");

/** The reason why the comparison cannot run here; undefined if it can. */
export function missingMaterial(): string | undefined {
  if (existsSync(join(shared, "peer", "capture_core.py"))) return undefined;
  return "needs the reference material in ../shared, which does not exist";
}
