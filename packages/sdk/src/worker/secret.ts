import { type TString, Type } from "../schema/typebox.ts";

/**
 * Creates the schema of a password, token or key. `process` receives a string, and the description of the worker has
 * `writeOnly`. The value is replaced by `[redacted]` in all log lines, and in all errors that leave the worker. Values
 * shorter than four characters are not replaced, because they cannot be distinguished from other text.
 *
 * @param options - JSON Schema keywords of a string, such as `description` or `minLength`.
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

/** Whether a schema is that of a secret: it has `writeOnly`. */
export function isSecret(schema: object): boolean {
  return "writeOnly" in schema && schema.writeOnly === true;
}
