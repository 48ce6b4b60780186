import { createRequire } from "node:module";
import { externalRemedy, McaiError } from "../errors.ts";
import type * as Bundle from "./typebox-bundle.ts";

export type { Static, TInteger, TObject, TOptional, TProperties, TSchema, TString } from "typebox";

let bundle: typeof Bundle | undefined;

/** TypeBox's JavaScript, loaded when it is first used: the main thread of a worker never does, and starts 20 ms sooner. */
export function typebox(): typeof Bundle {
  try {
    bundle ??= createRequire(import.meta.url)("#typebox") as typeof Bundle;
  } catch (cause) {
    throw new McaiError("MODULE_NOT_FOUND", externalRemedy("dist/typebox.cjs"), { cause });
  }
  return bundle;
}

/**
 * TypeBox's own `Type`: makes the schemas of parameters and results. Schemas that are made with another copy of TypeBox
 * 1.x work as well.
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
