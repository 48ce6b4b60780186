import { redactAddresses, replacement } from "./redact-addresses.ts";
import { minSecretLength, SecretIndex } from "./secret-index.ts";

/** The number and the size of the secrets of jobs that are remembered; beyond them the oldest are forgotten. */
const maxSecrets = 1000;
const maxSecretsLength = 4 * 1024 * 1024;

/** Replaces secrets, and the user and the query of addresses, in text that leaves the worker. */
export class Redactor {
  readonly #permanent: readonly string[];
  /** The secrets of jobs, the newest last. */
  readonly #recent = new Set<string>();
  #recentLength = 0;
  #index: SecretIndex;

  /** @param permanent - Secrets that are never forgotten. */
  constructor(permanent: Iterable<unknown> = []) {
    this.#permanent = [...permanent].flatMap(partsOf);
    this.#index = this.#createIndex();
  }

  /** Adds a secret: a text, a number, or an object or JSON text whose texts and numbers are all secret. */
  add(secret: unknown): void {
    for (const part of partsOf(secret)) {
      if (this.#recent.delete(part)) this.#recentLength -= part.length;
      else this.#index.add(part);
      this.#recent.add(part);
      this.#recentLength += part.length;
    }
    if (this.#recent.size > maxSecrets || this.#recentLength > maxSecretsLength) this.#forget();
  }

  /** Replaces every secret in the fields of a log line by `[redacted]`. */
  redactFields(fields: Record<string, unknown>): Record<string, unknown> {
    try {
      return this.#redactValue(JSON.parse(JSON.stringify(fields))) as Record<string, unknown>;
    } catch {
      // What is not JSON cannot be searched.
      return { fields: replacement };
    }
  }

  /** Replaces every secret in a text by `[redacted]`. */
  redact(text: string): string {
    return redactAddresses(this.#index.replace(text, replacement));
  }

  #redactValue(value: unknown): unknown {
    if (typeof value === "string") return this.redact(value);
    if (typeof value === "number") return this.redact(String(value)) === String(value) ? value : replacement;
    if (Array.isArray(value)) return value.map((one) => this.#redactValue(one));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [this.redact(key), this.#redactValue(one)]));
  }

  // A quarter at once, so that the index is not made again for every secret.
  #forget(): void {
    for (const part of this.#recent) {
      if (this.#recent.size <= (maxSecrets * 3) / 4 && this.#recentLength <= (maxSecretsLength * 3) / 4) break;
      this.#recent.delete(part);
      this.#recentLength -= part.length;
    }
    this.#index = this.#createIndex();
  }

  #createIndex(): SecretIndex {
    const index = new SecretIndex();
    for (const part of [...this.#permanent, ...this.#recent]) index.add(part);
    return index;
  }
}

// The texts and numbers of a secret that are long enough to be found.
function partsOf(secret: unknown): string[] {
  const parts = new Set<string>();
  const left: unknown[] = [secret];
  while (left.length > 0) {
    const one = left.pop();
    if (typeof one === "object" && one !== null) for (const part of Object.values(one)) left.push(part);
    else if (typeof one === "string" || typeof one === "number") {
      parts.add(String(one));
      if (typeof one === "string" && /^\s*[[{]/.test(one)) left.push(parse(one));
    }
  }
  return [...parts].filter((part) => part.length >= minSecretLength);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
