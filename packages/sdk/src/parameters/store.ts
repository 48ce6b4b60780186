import { fetchJson } from "../backend/http.ts";
import { BackendSession } from "../backend/session.ts";
import { type Environment, readStoreAccess } from "../env.ts";
import { McaiError } from "../errors.ts";

/** Reads the values of keys from stores. */
export interface Stores {
  /**
   * Reads the value of a key: a string, or any JSON value if the store supports it. Rejects with the reason of the signal
   * if it aborts.
   *
   * @throws {@link McaiError} `STORE_FAILED`, with the store, the key and the reason.
   */
  read(store: string, key: string, signal: AbortSignal): Promise<unknown>;
}

/** Whether the values of a store are secret. Those of the environment are not: it also has paths and numbers. */
export function holdsSecrets(store: string): boolean {
  return !isEnvironment(store);
}

/** The stores of docs/protocol.md, "Stores": `env` and `environment`, `vault`, and backends for all other names. */
export class EnvironmentStores implements Stores {
  readonly #environment: Environment;
  readonly #backends = new Map<string, BackendSession>();

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  async read(store: string, key: string, signal: AbortSignal): Promise<unknown> {
    if (isEnvironment(store)) return this.#readEnvironment(store, key);
    if (store.toLowerCase() === "vault") return this.#readVault(store, key, signal);
    const backend = this.#backends.get(store) ?? new BackendSession(store, readStoreAccess(this.#environment, store));
    this.#backends.set(store, backend);
    return backend.credential(key, signal);
  }

  #readEnvironment(store: string, key: string): string {
    const value = Object.hasOwn(this.#environment, key) ? this.#environment[key] : undefined;
    if (value === undefined)
      throw new McaiError("STORE_FAILED", `store ${store}: the environment variable ${key} is not set`);
    return value;
  }

  // The key-value engine of HashiCorp Vault, version 2, has the secret in data.data.
  async #readVault(store: string, key: string, signal: AbortSignal): Promise<unknown> {
    const { hostname, token } = readStoreAccess(this.#environment, store);
    const path = key.split("/").map(encodeURIComponent).join("/");
    const answer = await fetchJson(store, "GET", `${hostname}/secret/data/${path}`, signal, { "X-Vault-Token": token });
    if (answer.status === 403)
      throw new McaiError("STORE_FAILED", `store ${store}: reading ${key} is forbidden; check ${store}_TOKEN`);
    const value = answer.field("data", "data");
    if (value === undefined)
      throw new McaiError(
        "STORE_FAILED",
        `store ${store}: no secret ${key} (HTTP ${answer.status}, expected data.data)`,
      );
    return value;
  }
}

function isEnvironment(store: string): boolean {
  return ["env", "environment"].includes(store.toLowerCase());
}
