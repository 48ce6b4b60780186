import { delimiter } from "node:path";
import { McaiError } from "./errors.ts";

/** Environment variables, in the form of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The lowest severity that is logged. */
type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

/** The settings of a worker, read from environment variables. docs/configuration.md documents every variable. */
export interface Settings {
  /** DESCRIBE: print the worker's description and exit. */
  readonly describe: boolean;
  /** SOURCE_ORDERS: the order files of a local run. */
  readonly sourceOrders: readonly string[] | undefined;
  /** AMQP_QUEUE: the name of the job queue. */
  readonly queueName: string;
  /** DIRECT_MESSAGING_IDENTIFIER: replaces the instance id in the name of the worker's own queue. */
  readonly directMessagingIdentifier: string | undefined;
  /** MESSAGE_TTL_LIMIT: how many times a job may be dead-lettered, or lost with its worker, before it expires. */
  readonly maxDeaths: number;
  /** MESSAGE_SOFT_LIMIT: how many times the requirements of a job may be missing before it expires. */
  readonly maxSoftRejects: number;
  /** MCAI_DRAIN_TIMEOUT_MS: the maximum time for which the current job may continue during shutdown. */
  readonly drainTimeoutMs: number;
  /** MCAI_JOB_TIMEOUT_MS: the maximum duration of a job; unlimited if undefined. */
  readonly jobTimeoutMs: number | undefined;
  /**
   * MCAI_STOP_GRACE_MS: the maximum time of a job after a stop order; unlimited if undefined. Then its thread is
   * terminated.
   */
  readonly stopGraceMs: number | undefined;
  /**
   * MCAI_STOP_GRACE_MS: the same after a shutdown signal or the timeout of the job. Also the maximum duration of
   * `teardown`.
   */
  readonly shutdownGraceMs: number;
  /** MCAI_PROGRESS_INTERVAL_MS: how often progress that does not rise may be sent. */
  readonly progressIntervalMs: number;
  /** MCAI_MAX_PENDING_UPDATES: how many `update_process` orders may wait for the job. */
  readonly maxPendingUpdates: number;
  /** MCAI_MAX_PENDING_UPDATE_BYTES: the maximum size of these orders together. */
  readonly maxPendingUpdateBytes: number;
  /** MCAI_THREADS: the number of threads that a job may use. */
  readonly threads: number | undefined;
  /** Whether BACKEND_HOSTNAME is set, so that the black list is read from the backend. */
  readonly hasBackend: boolean;
  readonly broker: BrokerSettings;
  /** Settings of the health server; undefined if MCAI_HTTP_PORT is not set. */
  readonly health: HealthSettings | undefined;
  readonly log: LogSettings;
}

/** The address of the health server, and the limits of `/healthz`. */
export interface HealthSettings {
  /** MCAI_HTTP_PORT. */
  readonly port: number;
  /** MCAI_HTTP_HOST. */
  readonly host: string;
  /** MCAI_THREAD_SILENCE_LIMIT_MS: the maximum time for which the job thread may be unresponsive; unlimited if undefined. */
  readonly maxThreadSilenceMs: number | undefined;
  /** MCAI_PROGRESS_SILENCE_LIMIT_MS: the maximum time of a job without progress; unlimited if undefined. */
  readonly maxProgressSilenceMs: number | undefined;
}

/** How to connect to the broker, and how to declare queues and publish messages. */
export interface BrokerSettings {
  /** AMQP_HOSTNAME, separated by commas, and AMQP_PORT. The hosts are tried in turn. */
  readonly hosts: readonly BrokerHost[];
  /** AMQP_USERNAME. */
  readonly username: string;
  /** AMQP_PASSWORD. */
  readonly password: string;
  /** AMQP_VHOST, or else AMQP_VIRTUAL_HOST. */
  readonly virtualHost: string;
  /** AMQP_TLS. If it is not set, TLS is used for port 5671 only. */
  readonly tls: boolean;
  /** AMQP_TLS_CERT: a file of trusted certificates, which replaces those of Node.js. */
  readonly tlsCertificateFile: string | undefined;
  /** AMQP_TLS_VERIFY: whether the certificate of the broker is verified. */
  readonly tlsVerify: boolean;
  /** Whether AMQP_SERVER_CONFIGURATION is `cluster`: queues are then quorum queues. */
  readonly cluster: boolean;
  /** AMQP_DELIVERY_MODE: 2 if messages survive a restart of the broker, else 1. */
  readonly deliveryMode: 1 | 2;
  /** AMQP_CONSUMER_TIMEOUT: the acknowledgement timeout of the job queue; that of the broker if undefined. */
  readonly consumerTimeoutMs: number | undefined;
  /** AMQP_CONNECTION_MAX_RETRY: the number of attempts in a row that may fail before the worker exits; unlimited if undefined. */
  readonly maxRetries: number | undefined;
  /** AMQP_HEARTBEAT. */
  readonly heartbeatSeconds: number;
}

/** The address of a broker. */
export interface BrokerHost {
  readonly hostname: string;
  readonly port: number;
}

/** The level, format and destinations of the log. */
export interface LogSettings {
  /** MCAI_LOG, or else RUST_LOG. */
  readonly level: LogLevel;
  /** ONLY_JSON_LOGS: whether each line is a JSON object. */
  readonly json: boolean;
  /** FILE_LOGGING: a file to which every line is also written. */
  readonly file: string | undefined;
  /** FORCE_COLOR or NO_COLOR. If undefined, colours are used on terminals. */
  readonly color: boolean | undefined;
}

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
 * Reads all variables except those of the stores.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if a variable has an invalid value.
 */
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
    progressIntervalMs: readInteger(env, "MCAI_PROGRESS_INTERVAL_MS", 1) ?? 500,
    maxPendingUpdates: readInteger(env, "MCAI_MAX_PENDING_UPDATES", 1) ?? 10_000,
    maxPendingUpdateBytes: readInteger(env, "MCAI_MAX_PENDING_UPDATE_BYTES", 1) ?? 64 * 1024 * 1024,
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

// Accepts `host`, `host:port`, `[::1]` and `[::1]:port`.
function readHost(text: string, port: number): BrokerHost {
  const match = /^(?:\[([^\]]+)\]|([^:]+|[^:]*(?::[^:]*){2,}))(?::(\d{1,5}))?$/.exec(text);
  const hostname = match?.[1] ?? match?.[2];
  if (hostname === undefined)
    throw new McaiError("ENVIRONMENT_INVALID", `AMQP_HOSTNAME: expected host names separated by commas, got "${text}"`);
  return { hostname, port: match?.[3] === undefined ? port : Number(match[3]) };
}

/** Reads the variables of a store. The case of the store's name is kept. */
export function readStoreAccess(env: Environment, store: string): StoreAccess {
  const standard = store.toLowerCase() === "vault" ? "http://127.0.0.1:8200/v1" : "http://127.0.0.1:4000/api";
  return {
    hostname: (env[`${store}_HOSTNAME`] ?? standard).replace(/\/+$/, ""),
    username: env[`${store}_USERNAME`] ?? "",
    password: env[`${store}_PASSWORD`] ?? "",
    token: env[`${store}_TOKEN`] ?? "",
  };
}

/** Returns the secret values of the environment: every `…_PASSWORD` and `…_TOKEN`. */
export function environmentSecrets(env: Environment): string[] {
  return Object.entries(env).flatMap(([name, value]) => (/_(PASSWORD|TOKEN)$/.test(name) && value ? [value] : []));
}

// 2^31 − 1 is also the maximum delay of a timer in Node.js.
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

// RUST_LOG may hold filters such as `warn,hyper=error`. The first one without a module is used.
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
