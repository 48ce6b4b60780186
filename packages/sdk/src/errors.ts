/**
 * Every error that this SDK makes has one of these codes; they are stable, messages are not.
 *
 * | code | meaning |
 * | --- | --- |
 * | `ENVIRONMENT_INVALID` | a variable of the environment cannot be used |
 * | `MODULE_NOT_FOUND` | the worker's module, or the SDK's own thread entry, is not where it should be |
 * | `WORKER_INVALID` | the module's default export is not a worker, or its import failed |
 * | `METADATA_INVALID` | a field of the worker's package.json is missing or wrong |
 * | `SETUP_FAILED` | the worker's `setup` threw |
 * | `THREAD_FAILED` | the job thread ended again and again, or a job's thread ended in the middle of it |
 * | `BROKER_UNREACHABLE` | no broker answered, as often as `AMQP_CONNECTION_MAX_RETRY` allows |
 * | `BROKER_TLS_FAILED` | the broker's certificate is not trusted, or it speaks no TLS on that port |
 * | `BROKER_LOGIN_REFUSED` | the broker refuses user name and password |
 * | `BROKER_VIRTUAL_HOST_MISSING` | the broker has no such virtual host, or the user may not enter it |
 * | `BROKER_PERMISSION_REFUSED` | the user may not declare or use an exchange or a queue |
 * | `BROKER_DECLARATION_MISMATCH` | an exchange or a queue exists with other properties |
 * | `ORDER_INVALID` | a message is not an order |
 * | `PARAMETERS_INVALID` | a job's parameters do not fit the worker's schema |
 * | `STORE_FAILED` | a store did not give the value of a parameter |
 * | `REQUIREMENT_MISSING` | a file that the job requires does not exist |
 * | `RESULT_INVALID` | what the worker returned cannot be sent |
 * | `JOB_STOPPED` | the job was asked to stop, or stopped by itself |
 * | `JOB_FAILED` | the worker said by its job handle that the job failed |
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
  | "ORDER_INVALID"
  | "PARAMETERS_INVALID"
  | "STORE_FAILED"
  | "REQUIREMENT_MISSING"
  | "RESULT_INVALID"
  | "JOB_STOPPED"
  | "JOB_FAILED";

/**
 * The base of every error of this SDK: a stable `code`, a message that says what was wrong, where, and what would be
 * right, and the underlying error as `cause` where there is one.
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
  /** What went wrong, stable over versions: one of {@link ErrorCode}, or of a package that builds on this one. */
  readonly code: ErrorCode | (string & {});

  /**
   * @param code - What went wrong.
   * @param message - What was wrong, where, and what would be right.
   * @param options - `cause`: the underlying error.
   */
  constructor(code: ErrorCode | (string & {}), message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "McaiError";
    this.code = code;
  }
}

/** The exit code of a process that ends with an error of a given code; 1 for all that are not listed. */
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
};

/** The exit code for an error that ends the process (docs/operations.md lists them). */
export function exitCodeOf(error: unknown): number {
  return (error instanceof McaiError && exitCodes[error.code]) || 1;
}

/** What to do when a file of the package is not where the package put it. */
export function externalRemedy(file: string): string {
  return `${file} of @mcai/worker-sdk is missing: a bundler must keep the package @mcai/worker-sdk external`;
}

/** The text of any thrown value: the message alone for our own errors, `Name: message` for all others. */
export function messageOf(error: unknown): string {
  if (error instanceof McaiError) return error.message;
  if (error instanceof Error) return `${error.name}: ${error.message}`;
  return typeof error === "string" ? error : `thrown value: ${describeValue(error)}`;
}

/** A short text for a value in an error message: its JSON, cut after 80 characters, and its type. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  let text: string | undefined;
  try {
    text = typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
  } catch {
    text = undefined;
  }
  if (text === undefined) return typeName(value);
  const short = text.length > 80 ? `${text.slice(0, 79)}…` : text;
  return value === null || typeof value === "boolean" ? short : `${short} (${typeName(value)})`;
}

/** The JSON name of a value's type, for a message that must not show the value. */
export function typeName(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "nothing";
  return Array.isArray(value) ? "array" : typeof value;
}
