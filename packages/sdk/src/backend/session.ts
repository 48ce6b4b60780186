import type { StoreAccess } from "../env/stores.ts";
import { McaiError } from "../errors.ts";
import { fetchJson, type JsonAnswer } from "./http.ts";

/** A session with a backend. It starts with the first request, is shared by all, and is renewed when it has expired. */
export class BackendSession {
  readonly #store: string;
  readonly #access: StoreAccess;
  readonly #keepSecret: (token: string) => void;
  #token: Promise<string> | undefined;

  /** @param keepSecret - Called with each token: it must not be logged. */
  constructor(store: string, access: StoreAccess, keepSecret: (token: string) => void) {
    this.#store = store;
    this.#access = access;
    this.#keepSecret = keepSecret;
  }

  /** Returns the token of the session, and logs in if there is none. */
  logIn(signal: AbortSignal): Promise<string> {
    this.#token ??= this.#requestToken(signal).catch((error: unknown) => {
      this.#token = undefined;
      throw error;
    });
    return this.#token;
  }

  /**
   * Reads the value of a credential.
   *
   * @throws {@link McaiError} `STORE_FAILED` if there is no such credential, or the request fails.
   */
  async credential(key: string, signal: AbortSignal): Promise<unknown> {
    const answer = await this.request("GET", `/credentials/${encodeURIComponent(key)}`, signal);
    const value = answer.exactField("data", "value");
    if (value === undefined)
      throw new McaiError(
        "STORE_FAILED",
        `store ${this.#store}: no credential ${key} (HTTP ${answer.status}, expected data.value)`,
      );
    return value;
  }

  /** Sends a request with the token of the session, which the backend expects without "Bearer". */
  async request(method: string, path: string, signal: AbortSignal): Promise<JsonAnswer> {
    const ask = async (token: Promise<string>) =>
      fetchJson(this.#store, method, this.#access.hostname + path, signal, { authorization: await token });
    const token = this.logIn(signal);
    const answer = await ask(token);
    if (answer.status !== 401) return answer;
    if (this.#token === token) this.#token = undefined;
    return ask(this.logIn(signal));
  }

  async #requestToken(signal: AbortSignal): Promise<string> {
    const { hostname, username: email, password } = this.#access;
    const answer = await fetchJson(
      this.#store,
      "POST",
      `${hostname}/sessions`,
      signal,
      {},
      { session: { email, password } },
    );
    const token = answer.field("access_token");
    if (typeof token === "string") {
      this.#keepSecret(token);
      return token;
    }
    const remedy = `check ${this.#store}_HOSTNAME, ${this.#store}_USERNAME and ${this.#store}_PASSWORD`;
    throw new McaiError(
      "STORE_FAILED",
      `store ${this.#store}: POST ${hostname}/sessions returned no access_token (HTTP ${answer.status}); ${remedy}`,
    );
  }
}
