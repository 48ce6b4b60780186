import { type TString, Type } from "../schema/typebox.ts";

/**
 * A text that must not be seen: the schema of a password, token or key. It is a string for `process`, `writeOnly` in the
 * description, and its value is replaced by `[redacted]` in every log line and every error that leaves the worker
 * (values shorter than four characters cannot be told from other text and are not replaced).
 *
 * @param options - Any JSON Schema keyword of a string, such as `description` or `minLength`.
 * @returns The TypeBox schema.
 *
 * @example
 * ```ts
 * const parameters = Type.Object({ token: Secret({ description: "FTP password, a key of the backend" }) });
 * ```
 */
export function Secret(options: Record<string, unknown> = {}): TString {
  return Type.String({ ...options, writeOnly: true });
}

/** Whether a schema was made by {@link Secret}, or says the same. */
export function isSecret(schema: object): boolean {
  return "writeOnly" in schema && schema.writeOnly === true;
}
