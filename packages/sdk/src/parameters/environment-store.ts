import { isSecretName, isVault, readEnvStore } from "../env/stores.ts";
import type { Environment } from "../env/values.ts";
import { McaiError } from "../errors.ts";

/** The store `env`: the environment variables that an order may read. */
export class EnvironmentStore {
  readonly #environment: Environment;
  /** The names of MCAI_ENV_STORE; undefined if it is not set. */
  readonly #allowed: RegExp | undefined;

  /** @throws {@link McaiError} `ENVIRONMENT_INVALID` if MCAI_ENV_STORE is invalid. */
  constructor(environment: Environment) {
    this.#environment = environment;
    const names = readEnvStore(environment);
    this.#allowed = names && toPattern(names);
  }

  /**
   * Reads a variable.
   *
   * @param store - The name of the store in the order, for errors.
   * @param intoSecret - Whether the parameter is a `Secret()`.
   * @throws {@link McaiError} `STORE_FAILED` if the order may not read it, or it is not set.
   */
  read(store: string, name: string, intoSecret: boolean): string {
    const refuse = (why: string) =>
      new McaiError("STORE_FAILED", `store ${store}: the environment variable ${name} ${why}`);
    if (this.#isOwn(name))
      throw refuse("has the credentials of the worker itself, which no order may read, whatever MCAI_ENV_STORE lists");
    if (this.#allowed) {
      if (!this.#allowed.test(name)) throw refuse("may not be read by an order; MCAI_ENV_STORE lists those that may");
    } else if (isSecretName(name) && !intoSecret)
      throw refuse("has the name of a secret; declare the parameter with Secret(), or list the name in MCAI_ENV_STORE");
    const value = Object.hasOwn(this.#environment, name) ? this.#environment[name] : undefined;
    if (value === undefined) throw refuse("is not set");
    return value;
  }

  // A store is BACKEND, a vault, or one whose address is set.
  #isOwn(name: string): boolean {
    if (/^AMQP_/i.test(name)) return true;
    const store = /^(.+)_(?:TOKEN|PASSWORD)$/i.exec(name)?.[1];
    return (
      store !== undefined &&
      (/^backend$/i.test(store) || isVault(store) || Boolean(this.#environment[`${store}_HOSTNAME`]))
    );
  }
}

// One pattern for all names, in which only `*` has a meaning.
function toPattern(names: readonly string[]): RegExp {
  const patterns = names.map((name) =>
    name
      .split("*")
      .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&"))
      .join(".*"),
  );
  return new RegExp(`^(?:${patterns.join("|")})$`, "su");
}
