import { McaiError } from "../errors.ts";
import { JsonText, LostNumbersError } from "../json-text.ts";

/** The timeout of a request to a store or the backend. */
const requestTimeoutMs = 10_000;

/** The maximum size of a response. */
const maxAnswerBytes = 1024 * 1024;

/** The response of a store: its status and its JSON body. */
export class JsonAnswer {
  readonly status: number;
  readonly #body: JsonText | undefined;

  constructor(status: number, body: JsonText | undefined) {
    this.status = status;
    this.#body = body;
  }

  /** Returns the value at a path of keys; undefined if the request failed or the body has no such value. */
  field(...path: readonly string[]): unknown {
    let value: unknown = this.status >= 200 && this.status < 300 ? this.#body?.value : undefined;
    for (const key of path)
      value =
        typeof value === "object" && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined;
    return value;
  }

  /**
   * As {@link field}, for a value that becomes a parameter.
   *
   * @throws {@link LostNumbersError} If it has numbers that JavaScript does not keep.
   */
  exactField(...path: readonly string[]): unknown {
    const value = this.field(...path);
    const lost = value === undefined ? undefined : this.#body?.lostNumbers(...path);
    if (lost) throw new LostNumbersError(lost);
    return value;
  }
}

/**
 * Sends a request to a store. Rejects with the reason of the signal if it aborts.
 *
 * @throws {@link McaiError} `STORE_FAILED`, with the store, the method and the address, if there is no response.
 *   Secrets are left out.
 */
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
    const text = await readText(response, () => fail(`returned more than ${maxAnswerBytes} bytes`));
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

function parse(text: string): JsonText | undefined {
  try {
    return new JsonText(text);
  } catch {
    return undefined;
  }
}

// The message of fetch is only "fetch failed"; the reason is in its cause.
function reasonOf(error: unknown): string {
  const cause = (error as Error).cause as (Error & { code?: string }) | undefined;
  return withoutUser(cause?.code ?? cause?.message ?? (error as Error).message);
}

function withoutUser(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, "//");
}
