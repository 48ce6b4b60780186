/** Replaces secrets in text that leaves the worker. */
export class Redactor {
  readonly #secrets = new Set<string>();

  constructor(secrets: Iterable<unknown> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** Adds a secret: a string, or an object whose strings are all secret. */
  add(secret: unknown): void {
    if (typeof secret === "object" && secret !== null) for (const part of Object.values(secret)) this.add(part);
    // Fewer than four characters cannot be distinguished from other text.
    if (typeof secret !== "string" || secret.length < 4) return;
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(Buffer.from(secret).toString()),
    ])
      this.#secrets.add(form);
  }

  /** Replaces every secret in the fields of a log line by `[redacted]`. */
  redactFields(fields: Record<string, unknown>): Record<string, unknown> {
    if (this.#secrets.size === 0) return fields;
    try {
      return JSON.parse(this.redact(JSON.stringify(fields))) as Record<string, unknown>;
    } catch {
      // Without valid JSON, it cannot be determined whether the fields contain a secret.
      return { fields: "[redacted]" };
    }
  }

  /** Replaces every secret in a text by `[redacted]`. */
  redact(text: string): string {
    if (this.#secrets.size === 0) return text;
    let clean = text;
    // Longer secrets first, because a shorter one may be a part of them.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length))
      clean = clean.replaceAll(secret, "[redacted]");
    return clean;
  }
}
