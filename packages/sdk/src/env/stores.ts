import { readHttpAddress } from "./addresses.ts";
import { type Environment, invalid, readText } from "./values.ts";

/**
 * The address and the credentials of a store: `<STORE>_HOSTNAME`, `<STORE>_USERNAME`, `<STORE>_PASSWORD`,
 * `<STORE>_TOKEN`.
 */
export interface StoreAccess {
  readonly hostname: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
}

/**
 * Reads the variables of a store. The case of the store's name is kept.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if the address or the token is invalid.
 */
export function readStoreAccess(env: Environment, store: string): StoreAccess {
  const standard = isVault(store) ? "http://127.0.0.1:8200/v1" : "http://127.0.0.1:4000/api";
  const token = env[`${store}_TOKEN`] ?? "";
  if (!/^[\x21-\x7e]*$/.test(token))
    throw invalid(`${store}_TOKEN`, "a token of ASCII characters without white space (it is not shown)");
  return {
    hostname: readHttpAddress(env, `${store}_HOSTNAME`) ?? standard,
    username: env[`${store}_USERNAME`] ?? "",
    password: env[`${store}_PASSWORD`] ?? "",
    token,
  };
}

/** Whether a store is HashiCorp Vault. */
export function isVault(store: string): boolean {
  return store.toLowerCase() === "vault";
}

/** Whether the name of an environment variable is that of a secret. */
export function isSecretName(name: string): boolean {
  return /(?:^|_)(?:PASS(?:WORD|WD)?|TOKEN|SECRET|KEY|CREDENTIALS?)(?:_|$)/.test(name);
}

/** Returns the secret values of the environment: of every variable that {@link isSecretName} finds. */
export function environmentSecrets(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value]) =>
    // PASS_THROUGH=true is not a secret, and its replacement would be everywhere. AMQP_TLS_CLIENT_KEY is a path.
    isSecretName(name) && name !== "AMQP_TLS_CLIENT_KEY" && value && !/^(?:true|false)$/i.test(value) ? [value] : [],
  );
}

/**
 * Reads MCAI_ENV_STORE: the environment variables that an order may read. `*` stands for any characters. Undefined if it
 * is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is not a list of names separated by commas.
 */
export function readEnvStore(env: Environment): readonly string[] | undefined {
  const names = readText(env, "MCAI_ENV_STORE", 65_536)
    ?.split(",")
    .map((name) => name.trim());
  if (names?.some((name) => !/^[^\s=]+$/.test(name)))
    throw invalid("MCAI_ENV_STORE", "names of environment variables separated by commas, such as SOURCE_*,LANG");
  return names;
}
