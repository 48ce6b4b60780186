import { fetchJson } from "../backend/http.ts";
import { BackendSession } from "../backend/session.ts";
import { isVault, readStoreAccess } from "../env/stores.ts";
import type { Environment } from "../env/values.ts";
import { McaiError } from "../errors.ts";
import { EnvironmentStore } from "./environment-store.ts";

/** Reads the values of keys from stores. */
export interface Stores {
  /**
   * Reads the value of a key: a string, or any JSON value if the store supports it. Rejects with the reason of the signal
   * if it aborts.
   *
   * @param intoSecret - Whether the value is that of a `Secret()`, which may come from a variable with the name of a secret.
   * @throws {@link McaiError} `STORE_FAILED`, with the store, the key and the reason.
   * @throws {@link LostNumbersError} If the value has numbers that JavaScript does not keep.
   */
  read(store: string, key: string, signal: AbortSignal, intoSecret: boolean): Promise<unknown>;
  /** Called with each secret value of a job, before any text that may contain it: the value must not be logged. */
  keepSecret(value: unknown): void;
}

/** Whether the values of a store are secret. Those of the environment are not: it also has paths and numbers. */
export function holdsSecrets(store: string): boolean {
  return !isEnvironment(store);
}

/** The stores of docs/protocol.md, "Stores": `env` and `environment`, `vault`, and backends for all other names. */
export class EnvironmentStores implements Stores {
  readonly #environment: Environment;
  readonly #variables: EnvironmentStore;
  readonly #backends = new Map<string, BackendSession>();

  /** Receives the secrets of jobs, and the tokens of sessions. */
  readonly keepSecret: (value: unknown) => void;

  /** @throws {@link McaiError} `ENVIRONMENT_INVALID` if MCAI_ENV_STORE is invalid. */
  constructor(environment: Environment, keepSecret: (value: unknown) => void) {
    this.#environment = environment;
    this.keepSecret = keepSecret;
    this.#variables = new EnvironmentStore(environment);
  }

  async read(store: string, key: string, signal: AbortSignal, intoSecret: boolean): Promise<unknown> {
    if (isEnvironment(store)) return this.#variables.read(store, key, intoSecret);
    checkStore(store);
    checkKey(store, key);
    if (isVault(store)) return this.#readVault(store, key, signal);
    const backend = this.#backends.get(store) ?? this.#openSession(store);
    this.#backends.set(store, backend);
    return backend.credential(key, signal);
  }

  #openSession(store: string): BackendSession {
    const access = readStoreAccess(this.#environment, store);
    for (const secret of [access.password, access.token]) this.keepSecret(secret);
    return new BackendSession(store, access, this.keepSecret);
  }

  // The key-value engine of HashiCorp Vault, version 2, has the secret in data.data.
  async #readVault(store: string, key: string, signal: AbortSignal): Promise<unknown> {
    const { hostname, token } = readStoreAccess(this.#environment, store);
    const path = key.split("/").map(encodeURIComponent).join("/");
    const answer = await fetchJson(store, "GET", `${hostname}/secret/data/${path}`, signal, { "X-Vault-Token": token });
    if (answer.status === 403)
      throw new McaiError("STORE_FAILED", `store ${store}: reading ${key} is forbidden; check ${store}_TOKEN`);
    const value = answer.exactField("data", "data");
    if (value === undefined)
      throw new McaiError(
        "STORE_FAILED",
        `store ${store}: no secret ${key} (HTTP ${answer.status}, expected data.data)`,
      );
    return value;
  }
}

// The name of a store chooses variables, and those of the broker are never sent elsewhere.
function checkStore(store: string): void {
  if (/^AMQP(?:_|$)/i.test(store))
    throw new McaiError(
      "STORE_FAILED",
      `store ${store}: AMQP_* are the settings of the broker, and not those of a store`,
    );
}

// A key is a part of a path: it must stay below the path of its store, whatever a server on the way decodes.
function checkKey(store: string, key: string): void {
  const refuse = (why: string) =>
    new McaiError("STORE_FAILED", `store ${store}: the key ${JSON.stringify(key)} ${why}, which could leave its place`);
  // What some servers take for the characters that it looks like.
  const plain = key
    .normalize("NFKC")
    .replaceAll(/[\s\p{Cf}]/gu, "")
    .replaceAll(/[\u2044\u2215\u29f8]/g, "/");
  if (/[\p{Cc}\p{Cs}]/u.test(key) || /\\|%(?:u[\da-f]{4}|[\da-f]{2})/i.test(plain))
    throw refuse("has a backslash, a control character or a percent-encoded character");
  if (plain.split("/").some((part) => /^\.{0,2}(?:;|$)/.test(part))) throw refuse('has an empty part, "." or ".."');
}

function isEnvironment(store: string): boolean {
  return ["env", "environment"].includes(store.toLowerCase());
}
