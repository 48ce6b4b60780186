import { McaiError } from "../errors.ts";
import type { Stores } from "../parameters/store.ts";

/** The stores of a test: the stores that it provides, then the environment that it provides. */
export class TestStores implements Stores {
  readonly #given: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly #environment: Stores;
  readonly keepSecret: Stores["keepSecret"];

  constructor(given: Readonly<Record<string, Readonly<Record<string, unknown>>>>, environment: Stores) {
    this.#given = given;
    this.#environment = environment;
    this.keepSecret = environment.keepSecret;
  }

  async read(store: string, key: string, signal: AbortSignal, intoSecret: boolean): Promise<unknown> {
    const keys = Object.hasOwn(this.#given, store) ? this.#given[store] : undefined;
    if (keys && Object.hasOwn(keys, key)) return keys[key];
    if (!keys && ["env", "environment"].includes(store.toLowerCase()))
      return this.#environment.read(store, key, signal, intoSecret);
    const known = keys ? `it has ${Object.keys(keys).join(", ") || "no keys"}` : "the test does not provide this store";
    throw new McaiError("STORE_FAILED", `store ${store}: no key ${key}; ${known}`);
  }
}
