import { delimiter } from "node:path";
import { McaiError } from "./errors.ts";

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How much is logged. */
type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** What the environment asks of a worker; docs/configuration.md lists every variable. */
export interface Settings {
  /** DESCRIBE: print what the worker is, and end. */
  readonly describe: boolean;
  /** SOURCE_ORDERS: the files of a local run. */
  readonly sourceOrders: readonly string[] | undefined;
  /** AMQP_QUEUE: the job queue. */
  readonly queueName: string;
  /** DIRECT_MESSAGING_IDENTIFIER, if it is set. */
  readonly directMessagingIdentifier: string | undefined;
  /** MESSAGE_TTL_LIMIT: a job that was dead-lettered, or lost with its worker, more often is expired. */
  readonly maxDeaths: number;
  /** MESSAGE_SOFT_LIMIT: a job whose requirements were missing more often is expired. */
  readonly maxSoftRejects: number;
  /** MCAI_DRAIN_TIMEOUT_MS: how long a job may go on when the worker goes down. */
  readonly drainTimeoutMs: number;
  /** MCAI_JOB_TIMEOUT_MS: how long a job may take; off if undefined. */
  readonly jobTimeoutMs: number | undefined;
  /** MCAI_STOP_GRACE_MS: the time after which a job that ignores a stop order is terminated with its thread; off if undefined. */
  readonly stopGraceMs: number | undefined;
  /** MCAI_STOP_GRACE_MS: the same for a job that ignores a shutdown or its timeout, and the time that `teardown` may take. */
  readonly shutdownGraceMs: number;
  /** MCAI_THREADS: how many threads a job may use, if it is set. */
  readonly threads: number | undefined;
  /** BACKEND_HOSTNAME is set: there is a backend that has a black list. */
  readonly hasBackend: boolean;
  readonly broker: BrokerSettings;
  /** MCAI_HTTP_PORT, if it is set: where the worker says how it is. */
  readonly health: HealthSettings | undefined;
  readonly log: LogSettings;
}

/** Where a worker says over HTTP how it is, and when that is bad. */
export interface HealthSettings {
  /** MCAI_HTTP_PORT. */
  readonly port: number;
  /** MCAI_HTTP_HOST. */
  readonly host: string;
  /** MCAI_THREAD_SILENCE_LIMIT_MS: how long the job thread may not answer; off if undefined. */
  readonly maxThreadSilenceMs: number | undefined;
  /** MCAI_PROGRESS_SILENCE_LIMIT_MS: how long a job may report no progress; off if undefined. */
  readonly maxProgressSilenceMs: number | undefined;
}

/** How the broker is reached, and what is declared there. */
export interface BrokerSettings {
  /** AMQP_HOSTNAME, several separated by commas, and AMQP_PORT: tried in turn. */
  readonly hosts: readonly BrokerHost[];
  /** AMQP_USERNAME. */
  readonly username: string;
  /** AMQP_PASSWORD. */
  readonly password: string;
  /** AMQP_VHOST, else AMQP_VIRTUAL_HOST. */
  readonly virtualHost: string;
  /** AMQP_TLS; for port 5671 alone also without it. */
  readonly tls: boolean;
  /** AMQP_TLS_CERT: the file of the certificates that are trusted, instead of Node's own. */
  readonly tlsCertificateFile: string | undefined;
  /** AMQP_TLS_VERIFY: whether the broker's certificate is checked. */
  readonly tlsVerify: boolean;
  /** AMQP_SERVER_CONFIGURATION is `cluster`: quorum queues. */
  readonly cluster: boolean;
  /** AMQP_DELIVERY_MODE: 2 for messages that survive a restart of the broker, 1 for others. */
  readonly deliveryMode: 1 | 2;
  /** AMQP_CONSUMER_TIMEOUT: the job queue's acknowledgement timeout, if it is set. */
  readonly consumerTimeoutMs: number | undefined;
  /** AMQP_CONNECTION_MAX_RETRY: after how many vain attempts in a row the worker ends; for ever if undefined. */
  readonly maxRetries: number | undefined;
  /** AMQP_HEARTBEAT. */
  readonly heartbeatSeconds: number;
}

/** One broker. */
export interface BrokerHost {
  readonly hostname: string;
  readonly port: number;
}

/** How the log is written. */
export interface LogSettings {
  /** MCAI_LOG, else RUST_LOG. */
  readonly level: LogLevel;
  /** ONLY_JSON_LOGS. */
  readonly json: boolean;
  /** FILE_LOGGING: the file that gets every line as well. */
  readonly file: string | undefined;
  /** FORCE_COLOR or NO_COLOR; by default colours are for terminals. */
  readonly color: boolean | undefined;
}

/** How a store is reached; `<STORE>_HOSTNAME` and so on. */
export interface StoreAccess {
  readonly hostname: string;
  readonly username: string;
  readonly password: string;
  readonly token: string;
}

/** Reads every variable but those of the stores. */
export function readSettings(env: Environment): Settings {
  return {
    describe: /^(1|true)$/i.test(env.DESCRIBE ?? ""),
    sourceOrders: env.SOURCE_ORDERS?.split(delimiter),
    queueName: env.AMQP_QUEUE ?? "job_undefined",
    directMessagingIdentifier: env.DIRECT_MESSAGING_IDENTIFIER,
    maxDeaths: readInteger(env, "MESSAGE_TTL_LIMIT", 0) ?? 4,
    maxSoftRejects: readInteger(env, "MESSAGE_SOFT_LIMIT", 0) ?? 800,
    drainTimeoutMs: readInteger(env, "MCAI_DRAIN_TIMEOUT_MS", 0) ?? 20_000,
    jobTimeoutMs: readInteger(env, "MCAI_JOB_TIMEOUT_MS", 1),
    stopGraceMs: readInteger(env, "MCAI_STOP_GRACE_MS", 1),
    shutdownGraceMs: readInteger(env, "MCAI_STOP_GRACE_MS", 1) ?? 2000,
    threads: readInteger(env, "MCAI_THREADS", 1),
    hasBackend: Boolean(env.BACKEND_HOSTNAME),
    broker: readBroker(env),
    health: readHealth(env),
    log: {
      level: readLevel(env.MCAI_LOG ?? env.RUST_LOG ?? "info"),
      json: env.ONLY_JSON_LOGS === "1",
      file: env.FILE_LOGGING || undefined,
      color: env.NO_COLOR ? false : env.FORCE_COLOR ? env.FORCE_COLOR !== "0" : undefined,
    },
  };
}

function readHealth(env: Environment): HealthSettings | undefined {
  const port = readInteger(env, "MCAI_HTTP_PORT", 1, 65_535);
  if (port === undefined) return undefined;
  return {
    port,
    host: env.MCAI_HTTP_HOST || "127.0.0.1",
    maxThreadSilenceMs: readInteger(env, "MCAI_THREAD_SILENCE_LIMIT_MS", 1),
    maxProgressSilenceMs: readInteger(env, "MCAI_PROGRESS_SILENCE_LIMIT_MS", 1),
  };
}

function readBroker(env: Environment): BrokerSettings {
  const tls = env.AMQP_TLS === undefined ? undefined : /^(1|true)$/i.test(env.AMQP_TLS);
  const port = readInteger(env, "AMQP_PORT", 1, 65_535) ?? (tls ? 5671 : 5672);
  const deliveryMode = readInteger(env, "AMQP_DELIVERY_MODE", 1, 2) ?? 2;
  return {
    hosts: (env.AMQP_HOSTNAME || "127.0.0.1").split(",").map((text) => readHost(text.trim(), port)),
    username: env.AMQP_USERNAME ?? "guest",
    password: env.AMQP_PASSWORD ?? "guest",
    virtualHost: env.AMQP_VHOST ?? env.AMQP_VIRTUAL_HOST ?? "/",
    tls: tls ?? port === 5671,
    tlsCertificateFile: env.AMQP_TLS_CERT || undefined,
    tlsVerify: !/^(0|false)$/i.test(env.AMQP_TLS_VERIFY ?? ""),
    cluster: env.AMQP_SERVER_CONFIGURATION === "cluster",
    deliveryMode: deliveryMode === 1 ? 1 : 2,
    consumerTimeoutMs: readInteger(env, "AMQP_CONSUMER_TIMEOUT", 1, 0xffff_ffff),
    maxRetries: readInteger(env, "AMQP_CONNECTION_MAX_RETRY", 0),
    heartbeatSeconds: readInteger(env, "AMQP_HEARTBEAT", 1, 3600) ?? 10,
  };
}

// `host`, `host:port`, `[::1]` or `[::1]:port`.
function readHost(text: string, port: number): BrokerHost {
  const match = /^(?:\[([^\]]+)\]|([^:]+|[^:]*(?::[^:]*){2,}))(?::(\d{1,5}))?$/.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined)
    throw new McaiError("ENVIRONMENT_INVALID", `AMQP_HOSTNAME: expected host names separated by commas, got "${text}"`);
  return { hostname, port: match?.[3] === undefined ? port : Number(match[3]) };
}

/** Reads the variables of a store; the code's upper and lower case is kept. */
export function readStoreAccess(env: Environment, store: string): StoreAccess {
  const standard = store.toLowerCase() === "vault" ? "http://127.0.0.1:8200/v1" : "http://127.0.0.1:4000/api";
  return {
    hostname: (env[`${store}_HOSTNAME`] ?? standard).replace(/\/+$/, ""),
    username: env[`${store}_USERNAME`] ?? "",
    password: env[`${store}_PASSWORD`] ?? "",
    token: env[`${store}_TOKEN`] ?? "",
  };
}

/** The values of the environment that must not be seen: every `…_PASSWORD` and `…_TOKEN`. */
export function environmentSecrets(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value]) => (/_(PASSWORD|TOKEN)$/.test(name) && value ? [value] : []));
}

// 2^31 − 1 is also the longest time that a timer of Node can wait.
function readInteger(env: Environment, name: string, minimum: number, maximum = 0x7fff_ffff): number | undefined {
  const text = env[name];
  if (text === undefined || text === "") return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
  throw new McaiError(
    "ENVIRONMENT_INVALID",
    `${name}: expected a whole number from ${minimum} to ${maximum}, got "${text}"`,
  );
}

// RUST_LOG holds filters such as `warn,hyper=error`: the first without a module counts.
function readLevel(text: string): LogLevel {
  const word =
    text
      .toLowerCase()
      .split(",")
      .find((filter) => !filter.includes("=")) ?? "info";
  const names: Readonly<Record<string, LogLevel>> = { off: "silent", warning: "warn", critical: "error" };
  const level = names[word.trim()] ?? word.trim();
  const known: readonly string[] = ["trace", "debug", "info", "warn", "error", "silent"];
  return known.includes(level) ? (level as LogLevel) : "info";
}
