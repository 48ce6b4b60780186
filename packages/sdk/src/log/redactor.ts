/** Replaces secrets in texts that leave the worker. */
export class Redactor {
  readonly #secrets = new Set<string>();

  constructor(secrets: Iterable<unknown> = []) {
    for (const secret of secrets) this.add(secret);
  }

  /** Adds a secret: a text, or any value whose texts are secret. */
  add(secret: unknown): void {
    if (typeof secret === "object" && secret !== null) for (const part of Object.values(secret)) this.add(part);
    // Fewer than four characters cannot be told from other text.
    if (typeof secret !== "string" || secret.length < 4) return;
    for (const form of [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(Buffer.from(secret).toString()),
    ])
      this.#secrets.add(form);
  }

  /** The fields of a log line with `[redacted]` in place of every secret; as they are while there is no secret. */
  redactFields(fields: Record<string, unknown>): Record<string, unknown> {
    if (this.#secrets.size === 0) return fields;
    try {
      return JSON.parse(this.redact(JSON.stringify(fields))) as Record<string, unknown>;
    } catch {
      // What is no JSON, or none any more, cannot be shown to be clean.
      return { fields: "[redacted]" };
    }
  }

  /** The text with `[redacted]` in place of every secret. */
  redact(text: string): string {
    if (this.#secrets.size === 0) return text;
    let clean = text;
    // The longest first, so that no part of a longer one is left.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length))
      clean = clean.replaceAll(secret, "[redacted]");
    return clean;
  }
}
