import { types } from "node:util";

/**
 * The codes of errors. Codes are stable; messages may change. The
 * [page of errors](https://github.com/media-cloud-ai/mcai-worker-sdk-ts/blob/main/docs/errors.md) is made from this table.
 *
 * | code | when | what to do |
 * | --- | --- | --- |
 * | `ENVIRONMENT_INVALID` | An environment variable has an invalid value. | Correct the variable, which the message names. |
 * | `MODULE_NOT_FOUND` | The module of the worker, or a file of this package, does not exist. | Build first; keep `@mcai/worker-sdk` external when you bundle. |
 * | `WORKER_INVALID` | The module cannot be imported, or its default export is not a worker. | Export what {@link defineWorker} returns. |
 * | `METADATA_INVALID` | A field of the worker's package.json is missing or invalid. | Correct the field, which the message names. |
 * | `SETUP_FAILED` | The `setup` of the worker threw. | See the reason in the message. |
 * | `THREAD_FAILED` | The job thread exited ten times in a row, or a native call holds it. | See the log for the reason of each exit. |
 * | `BROKER_UNREACHABLE` | No broker answered, even when tried again `AMQP_CONNECTION_MAX_RETRY` times. | Start the broker; check `AMQP_HOSTNAME` and `AMQP_PORT`. |
 * | `BROKER_TLS_FAILED` | The broker's certificate is not trusted, or the port does not use TLS. | Check `AMQP_TLS` and `AMQP_TLS_CERT`. |
 * | `BROKER_LOGIN_REFUSED` | The broker rejected the user name or the password. | Check `AMQP_USERNAME` and `AMQP_PASSWORD`. |
 * | `BROKER_VIRTUAL_HOST_MISSING` | The virtual host does not exist, or the user may not access it. | Check `AMQP_VHOST`; create it, or grant access. |
 * | `BROKER_PERMISSION_REFUSED` | The user may not declare or use an exchange or a queue. | Grant permissions for the object that the message names. |
 * | `BROKER_DECLARATION_MISMATCH` | An exchange or a queue is already declared with different properties. | Delete it, or use the same properties. |
 * | `BROKER_LIMIT_REACHED` | The broker has as many connections or channels as its settings allow. | Close others, or raise the limit, which the message names. |
 * | `OPEN_FILES_EXHAUSTED` | The worker cannot open another file or connection. | Raise the limit of open files, which the message names. |
 * | `ORDER_INVALID` | A message is not a valid order. | Correct the sender; the message says what is expected. |
 * | `PARAMETERS_INVALID` | The parameters of a job do not match the schema of the worker. | Correct the order; the message lists all faults. |
 * | `STORE_FAILED` | A store did not return the value of a parameter, and nothing else is wrong with the parameters. | Check the key and the variables of the store. |
 * | `RESULT_INVALID` | The worker returned a result that cannot be sent. | Correct the result; the message lists all faults. |
 * | `RESULT_TOO_LARGE` | The result of a job is larger than a message may be. | Write it to a file, and return the path. |
 * | `JOB_STOPPED` | The job was asked to stop, or the worker stopped it. | Do not catch it, or rethrow it, so that the job ends as stopped. |
 * | `THREAD_EXITED` | The job thread exited in the middle of a job. | See the reason in the message; a new thread does the next job. |
 * | `UPDATE_REFUSED` | Too many updates of the job wait until it takes them. | Send fewer, or raise the variable that the message names. |
 * | `JOB_TIMEOUT` | The job took longer than `MCAI_JOB_TIMEOUT_MS` allows. | Raise the variable, or make the job faster. |
 * | `JOB_POSTPONED` | The worker has postponed the job, which cannot return: it came directly, has started, or is of a local run. Its answer has the reason alone. | Send it to the job queue, or send it again later. |
 * | `JOB_FAILED` | A {@link Worker} set the status `error`. | See the message, which the worker has set. |
 */
export type ErrorCode =
  | "ENVIRONMENT_INVALID"
  | "MODULE_NOT_FOUND"
  | "WORKER_INVALID"
  | "METADATA_INVALID"
  | "SETUP_FAILED"
  | "THREAD_FAILED"
  | "BROKER_UNREACHABLE"
  | "BROKER_TLS_FAILED"
  | "BROKER_LOGIN_REFUSED"
  | "BROKER_VIRTUAL_HOST_MISSING"
  | "BROKER_PERMISSION_REFUSED"
  | "BROKER_DECLARATION_MISMATCH"
  | "BROKER_LIMIT_REACHED"
  | "OPEN_FILES_EXHAUSTED"
  | "ORDER_INVALID"
  | "PARAMETERS_INVALID"
  | "STORE_FAILED"
  | "RESULT_INVALID"
  | "RESULT_TOO_LARGE"
  | "JOB_STOPPED"
  | "THREAD_EXITED"
  | "UPDATE_REFUSED"
  | "JOB_TIMEOUT"
  | "JOB_POSTPONED"
  | "JOB_FAILED";

/**
 * The base class of all errors of this SDK. It has a stable `code`, and a message that says what is wrong, where, and
 * what is expected. `cause` is the underlying error, if there is one.
 *
 * @example
 * ```ts
 * try {
 *   decodeOrder(bytes);
 * } catch (error) {
 *   if (error instanceof McaiError && error.code === "ORDER_INVALID") report(error.message);
 * }
 * ```
 */
export class McaiError extends Error {
  /** A code of {@link ErrorCode}, or of a package that extends this one. Codes do not change between versions. */
  readonly code: ErrorCode | (string & {});

  /**
   * @param code - The code of the error.
   * @param message - What is wrong, where, and what is expected.
   * @param options - `cause`: the underlying error.
   */
  constructor(code: ErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "McaiError";
    this.code = code;
  }
}

/** An error of the job thread, in the main thread. The stack of the error itself would be that of the main thread. */
export class WorkerFailure extends McaiError {
  /** Where the worker's code threw it. */
  readonly place: string | undefined;

  constructor(code: string, message: string, place: string | undefined) {
    super(code, message);
    this.place = place;
  }
}

// Not a WeakSet: the media package and another copy of the SDK have the same symbol.
const ownError = Symbol.for("@mcai/worker-sdk/own-error");

/** Marks an error as one that the SDK itself made, and not the worker's own code. Returns it. */
export function markOwn<Thrown>(error: Thrown): Thrown {
  if (error instanceof McaiError) Object.defineProperty(error, ownError, { value: true });
  return error;
}

/** Returns the code of an error that the SDK itself made; undefined for what the worker's own code threw. */
export function ownCodeOf(error: unknown): string | undefined {
  return error instanceof McaiError && ownError in error ? error.code : undefined;
}

/** The exit codes of errors that end the process; 1 for all others. */
const exitCodes: Partial<Record<string, number>> = {
  ENVIRONMENT_INVALID: 64,
  MODULE_NOT_FOUND: 65,
  WORKER_INVALID: 65,
  METADATA_INVALID: 65,
  SETUP_FAILED: 70,
  THREAD_FAILED: 71,
  BROKER_UNREACHABLE: 72,
  BROKER_TLS_FAILED: 73,
  BROKER_LOGIN_REFUSED: 74,
  BROKER_VIRTUAL_HOST_MISSING: 75,
  BROKER_PERMISSION_REFUSED: 76,
  BROKER_DECLARATION_MISMATCH: 77,
  BROKER_LIMIT_REACHED: 72,
  OPEN_FILES_EXHAUSTED: 78,
};

/** Returns the exit code of the process for an error. docs/operations.md lists all of them. */
export function exitCodeOf(error: unknown): number {
  return (error instanceof McaiError && exitCodes[error.code]) || 1;
}

/** Returns the message for a missing file of this package, with the remedy. */
export function externalRemedy(file: string): string {
  return `${file} of @mcai/worker-sdk is missing: a bundler must keep the package @mcai/worker-sdk external`;
}

/**
 * Returns the text of any thrown value: the message of a {@link McaiError}, `Name: message` of another error. Never throws,
 * even if a property of the error does.
 */
export function messageOf(error: unknown): string {
  try {
    if (error instanceof McaiError) return String(error.message) || error.name;
    if (isError(error)) return `${readText(error, "name") ?? "Error"}: ${readText(error, "message") ?? unreadable}`;
    return typeof error === "string" ? error : `thrown value: ${describeValue(error)}`;
  } catch {
    return `thrown value: ${unreadable}`;
  }
}

const unreadable = "it cannot be read";

/** Whether a value is an error, also one of another context of `node:vm`. */
export function isError(value: unknown): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

// A property may be a getter that throws, or not be a text.
function readText(error: Error, name: "name" | "message"): string | undefined {
  try {
    return String(error[name]);
  } catch {
    return undefined;
  }
}

/** Describes a value for an error message: its JSON, truncated to 80 characters, and its type. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  let text: string | undefined;
  try {
    if (typeof value === "bigint") text = `${value}n`;
    else text = typeof value === "number" ? String(value) : JSON.stringify(value);
  } catch {
    text = undefined;
  }
  if (text === undefined) return typeName(value);
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return value === null || typeof value === "boolean" ? short : `${short} (${typeName(value)})`;
}

/** Returns the JSON type of a value, for error messages that must not show the value. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  return Array.isArray(value) ? "array" : typeof value;
}
