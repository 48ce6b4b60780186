import { McaiError } from "../errors.ts";

/** How long one request to a store or the backend may take, in milliseconds. */
const requestTimeoutMs = 10_000;

/** The largest answer that is read, in bytes. */
const maxAnswerBytes = 1024 * 1024;

/** An answer of a store: its status and what its JSON holds. */
export class JsonAnswer {
  readonly status: number;
  readonly #body: unknown;

  constructor(status: number, body: unknown) {
    this.status = status;
    this.#body = body;
  }

  /** The value at a path of keys; undefined if the answer was no success or has none there. */
  field(...path: readonly string[]): unknown {
    let value: unknown = this.status >= 200 && this.status < 300 ? this.#body : undefined;
    for (const key of path)
      value =
        typeof value === "object" && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined;
    return value;
  }
}

/** Asks a store; every failure on the way is a `STORE_FAILED` that names store, method and address, but no secret. */
export async function fetchJson(
  store: string,
  method: string,
  url: string,
  signal: AbortSignal,
  headers: Record<string, string> = {},
  body?: unknown,
): Promise<JsonAnswer> {
  const timeout = AbortSignal.timeout(requestTimeoutMs);
  const fail = (why: string, cause?: unknown) =>
    new McaiError("STORE_FAILED", `store ${store}: ${method} ${withoutUser(url)} ${why}`, { cause });
  try {
    const response = await fetch(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: body === undefined ? null : JSON.stringify(body),
      redirect: "error",
      signal: AbortSignal.any([signal, timeout]),
    });
    const text = await readText(response, () => fail(`answered more than ${maxAnswerBytes} bytes`));
    return new JsonAnswer(response.status, parse(text));
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof McaiError) throw error;
    if (timeout.aborted) throw fail(`did not answer within ${requestTimeoutMs / 1000} s`);
    throw fail(`failed: ${reasonOf(error)}; check ${store}_HOSTNAME`);
  }
}

async function readText(response: Response, tooLarge: () => McaiError): Promise<string> {
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of response.body ?? []) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxAnswerBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

// fetch says only "fetch failed"; the reason is in the causes.
function reasonOf(error: unknown): string {
  const cause = (error as Error).cause as (Error & { code?: string }) | undefined;
  return withoutUser(cause?.code ?? cause?.message ?? (error as Error).message);
}

function withoutUser(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, "//");
}
