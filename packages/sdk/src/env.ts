import { delimiter } from "node:path";
import { type BrokerHost, readHost, readHosts, readHttpAddress } from "./env/addresses.ts";
import { type LogLevel, readLevel, readRustLevel } from "./env/levels.ts";
import { readDirectIdentifier, readName, readQueueName } from "./env/names.ts";
import { readEnvStore } from "./env/stores.ts";
import { type Environment, invalid, readInteger, readReferenceWord, readSwitch, readText } from "./env/values.ts";

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
  /** MCAI_MAX_RESPONSE_BYTES: the maximum size of a response; what the transport takes if undefined. */
  readonly maxResponseBytes: number | undefined;
  /** MCAI_MAX_ERROR_BYTES: the maximum size of the text of an error in a response, in UTF-8. */
  readonly maxErrorBytes: number;
  /** MCAI_THREADS: the number of threads that a job may use. */
  readonly threads: number | undefined;
  /** Whether BACKEND_HOSTNAME is set, so that the black list is read from the backend. */
  readonly hasBackend: boolean;
  readonly broker: BrokerSettings;
  /** Settings of the health server; undefined if MCAI_HTTP_PORT is not set. */
  readonly health: HealthSettings | undefined;
  readonly log: LogSettings;
  /** What the environment has that the worker understands differently, for the log. */
  readonly warnings: readonly string[];
  /** MCAI_LOG_BUFFER_BYTES: how much may wait for the reader of standard output, and of standard error. */
  readonly logBufferBytes: number;
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
  /** Whether AMQP_USERNAME is set. */
  readonly hasUsername: boolean;
  /** AMQP_VHOST, or else AMQP_VIRTUAL_HOST. */
  readonly virtualHost: string;
  /** AMQP_TLS. If it is not set, TLS is used for port 5671 only. */
  readonly tls: boolean;
  /** AMQP_TLS_CERT: a file of trusted certificates, which replaces those of Node.js. */
  readonly tlsCertificateFile: string | undefined;
  /** AMQP_TLS_CLIENT_CERT and AMQP_TLS_CLIENT_KEY: the files of the worker's own certificate and of its key. */
  readonly tlsClient: { readonly certificateFile: string; readonly keyFile: string } | undefined;
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
 * Reads all variables. Those of stores other than `BACKEND` are only read when an order names the store.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if a variable has an invalid value.
 */
export function readSettings(env: Environment): Settings {
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  const hasBackend = readHttpAddress(env, "BACKEND_HOSTNAME") !== undefined;
  readEnvStore(env);
  return {
    describe: readReferenceWord(env, "DESCRIBE", { on: /^(1|true)$/i, off: offWord, use: "1 or true" }, warn),
    // A local run without files, as in the reference: it must not take jobs from a broker.
    sourceOrders: env.SOURCE_ORDERS?.split(delimiter),
    queueName: readQueueName(env) ?? "job_undefined",
    directMessagingIdentifier: readDirectIdentifier(env),
    maxDeaths: readInteger(env, "MESSAGE_TTL_LIMIT", 0) ?? 4,
    maxSoftRejects: readInteger(env, "MESSAGE_SOFT_LIMIT", 0) ?? 800,
    drainTimeoutMs: readInteger(env, "MCAI_DRAIN_TIMEOUT_MS", 0) ?? 20_000,
    jobTimeoutMs: readInteger(env, "MCAI_JOB_TIMEOUT_MS", 1),
    stopGraceMs: readInteger(env, "MCAI_STOP_GRACE_MS", 1),
    shutdownGraceMs: readInteger(env, "MCAI_STOP_GRACE_MS", 1) ?? 2000,
    progressIntervalMs: readInteger(env, "MCAI_PROGRESS_INTERVAL_MS", 1) ?? 500,
    maxPendingUpdates: readInteger(env, "MCAI_MAX_PENDING_UPDATES", 1) ?? 10_000,
    maxPendingUpdateBytes: readInteger(env, "MCAI_MAX_PENDING_UPDATE_BYTES", 1) ?? 64 * 1024 * 1024,
    // A response about an error has at most 1 KiB without its text. No RabbitMQ takes more than 512 MiB.
    maxResponseBytes: readInteger(env, "MCAI_MAX_RESPONSE_BYTES", 4096, 512 * 1024 * 1024),
    maxErrorBytes: readInteger(env, "MCAI_MAX_ERROR_BYTES", 256) ?? 64 * 1024,
    threads: readInteger(env, "MCAI_THREADS", 1),
    hasBackend,
    broker: readBroker(env, warn),
    health: readHealth(env),
    log: readLog(env, warn),
    warnings,
    logBufferBytes: readInteger(env, "MCAI_LOG_BUFFER_BYTES", 4096) ?? 1024 * 1024,
  };
}

const offWord = /^(0|false|no|off)$/i;

function readHealth(env: Environment): HealthSettings | undefined {
  const port = readInteger(env, "MCAI_HTTP_PORT", 1, 65_535);
  const health = {
    host: readHost(env, "MCAI_HTTP_HOST") ?? "127.0.0.1",
    maxThreadSilenceMs: readInteger(env, "MCAI_THREAD_SILENCE_LIMIT_MS", 1),
    maxProgressSilenceMs: readInteger(env, "MCAI_PROGRESS_SILENCE_LIMIT_MS", 1),
  };
  return port === undefined ? undefined : { port, ...health };
}

function readBroker(env: Environment, warn: (text: string) => void): BrokerSettings {
  const tlsSwitch = readSwitch(env, "AMQP_TLS");
  const port = readInteger(env, "AMQP_PORT", 1, 65_535) ?? (tlsSwitch ? tlsPort : 5672);
  const hosts = readHosts(env, "AMQP_HOSTNAME", port) ?? [{ hostname: "127.0.0.1", port }];
  const tlsCertificateFile = readText(env, "AMQP_TLS_CERT");
  const tls = tlsSwitch ?? isTls(hosts);
  if (!tls && tlsCertificateFile !== undefined) warn("AMQP_TLS_CERT has no effect, because TLS is off; see AMQP_TLS");
  const virtualHosts = [readName(env, "AMQP_VHOST"), readName(env, "AMQP_VIRTUAL_HOST")];
  return {
    hosts,
    username: readName(env, "AMQP_USERNAME") ?? "guest",
    password: readPassword(env, warn) ?? "guest",
    hasUsername: Boolean(env.AMQP_USERNAME),
    virtualHost: virtualHosts.find((name) => name !== undefined) ?? "/",
    tls,
    tlsCertificateFile,
    tlsClient: readTlsClient(env, tls),
    tlsVerify: readSwitch(env, "AMQP_TLS_VERIFY") ?? true,
    cluster: readReferenceWord(
      env,
      "AMQP_SERVER_CONFIGURATION",
      { on: /^cluster$/, off: /^standalone$/, use: "standalone or cluster" },
      warn,
    ),
    deliveryMode: readInteger(env, "AMQP_DELIVERY_MODE", 1, 2) === 1 ? 1 : 2,
    consumerTimeoutMs: readInteger(env, "AMQP_CONSUMER_TIMEOUT", 1, 0xffff_ffff),
    maxRetries: readInteger(env, "AMQP_CONNECTION_MAX_RETRY", 0),
    heartbeatSeconds: readInteger(env, "AMQP_HEARTBEAT", 1, 3600) ?? 10,
  };
}

function readTlsClient(env: Environment, tls: boolean): BrokerSettings["tlsClient"] {
  const certificateFile = readText(env, "AMQP_TLS_CLIENT_CERT");
  const keyFile = readText(env, "AMQP_TLS_CLIENT_KEY");
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (keyFile === undefined) throw invalid("AMQP_TLS_CLIENT_CERT", "AMQP_TLS_CLIENT_KEY to be set too");
  if (certificateFile === undefined) throw invalid("AMQP_TLS_CLIENT_KEY", "AMQP_TLS_CLIENT_CERT to be set too");
  // Without TLS the password would be sent in clear, where a certificate is meant to be the login.
  if (!tls) throw invalid("AMQP_TLS_CLIENT_CERT", "TLS to be on; see AMQP_TLS");
  return { certificateFile, keyFile };
}

const tlsPort = 5671;

// The port that the broker uses for TLS implies TLS. All hosts are spoken to in the same way.
function isTls(hosts: readonly BrokerHost[]): boolean {
  const withTls = hosts.filter(({ port }) => port === tlsPort).length;
  if (withTls !== 0 && withTls !== hosts.length)
    throw invalid("AMQP_TLS", `a value, because only some of the hosts have the port of TLS, ${tlsPort}`);
  return withTls > 0;
}

// The broker closes a connection without a reason if the login does not fit into its first frame: 8 KiB, before 4.0 4 KiB.
const maxPasswordBytes = 7168;
const maxOldPasswordBytes = 3072;

// Empty stays empty.
function readPassword(env: Environment, warn: (text: string) => void): string | undefined {
  const password = env.AMQP_PASSWORD;
  const sizeBytes = Buffer.byteLength(password ?? "");
  if (sizeBytes > maxPasswordBytes)
    throw invalid("AMQP_PASSWORD", `at most ${maxPasswordBytes} bytes, got ${sizeBytes} bytes`);
  if (sizeBytes > maxOldPasswordBytes)
    warn(
      `AMQP_PASSWORD has ${sizeBytes} bytes; RabbitMQ before 4.0 closes the connection beyond ${maxOldPasswordBytes}`,
    );
  return password;
}

function readLog(env: Environment, warn: (text: string) => void): LogSettings {
  const json = { on: /^1$/, off: offWord, use: "1" };
  return {
    level: readLevel(env) ?? readRustLevel(env, warn) ?? "info",
    json: readReferenceWord(env, "ONLY_JSON_LOGS", json, warn),
    file: readText(env, "FILE_LOGGING"),
    color: env.NO_COLOR ? false : env.FORCE_COLOR ? !/^(0|false)$/.test(env.FORCE_COLOR) : undefined,
  };
}
