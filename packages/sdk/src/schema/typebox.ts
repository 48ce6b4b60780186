import { createRequire } from "node:module";
import { externalRemedy, McaiError } from "../errors.ts";
import type * as Bundle from "./typebox-bundle.ts";

export type { Static, TArray, TInteger, TObject, TOptional, TProperties, TSchema, TString } from "typebox";

let bundle: typeof Bundle | undefined;

/** Loads TypeBox at its first use. The main thread of a worker does not use it, which saves 20 ms at start. */
export function typebox(): typeof Bundle {
  try {
    bundle ??= createRequire(import.meta.url)("#typebox") as typeof Bundle;
  } catch (cause) {
    throw new McaiError("MODULE_NOT_FOUND", externalRemedy("dist/typebox.cjs"), { cause });
  }
  return bundle;
}

/**
 * `Type` of TypeBox, which creates the schemas of parameters and results. Schemas from another copy of TypeBox 1.x work
 * as well.
 *
 * @example
 * ```ts
 * const parameters = Type.Object({ source_path: Type.String(), threshold: Type.Number({ default: 0.5 }) });
 * ```
 */
export const Type: typeof Bundle.Type = new Proxy({} as typeof Bundle.Type, {
  get: (_, name) => Reflect.get(typebox().Type, name),
  has: (_, name) => Reflect.has(typebox().Type, name),
});
