import { McaiError } from "../../errors.ts";
import { isOutOfFiles, toOpenFilesError } from "../../open-files.ts";
import type { Refusal } from "./ask-refusal.ts";

/** The AMQP reply code of an error, such as 406 or 541. Undefined if the error does not come from the broker. */
export function replyCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause } = error as Error & { code?: unknown };
  if (typeof code === "number") return code;
  // For an error during the handshake and for a closed channel, amqplib has the code in the text only.
  const text = /\b(\d{3}) \([A-Z-]+\)/.exec(error.message)?.[1];
  return text === undefined ? replyCode(cause) : Number(text);
}

/** Whether the broker closed a connection that was to open the virtual host. amqplib does not say why. */
export function isVirtualHostRefused(error: unknown): boolean {
  return error instanceof Error && /^Expected ConnectionOpenOk; got <ConnectionClose/.test(error.message);
}

/**
 * Converts an error of the broker or the network to a {@link McaiError} that says how to fix it. An error that may be
 * temporary has the code `BROKER_UNREACHABLE`, or `BROKER_LIMIT_REACHED` for a broker that is full.
 *
 * @param what - The object that the error is about.
 */
export function toBrokerError(error: unknown, what: string): McaiError {
  if (error instanceof McaiError) return error;
  if (isOutOfFiles(error)) return toOpenFilesError(error, what);
  const said = textOf(error);
  const make = (code: string, text: string) => new McaiError(code, `${what}: ${text}`, { cause: error });
  const reply = replyCode(error);
  const isHandshake = said.startsWith("Handshake terminated by server");
  if (reply !== undefined && isLimit(said))
    return make("BROKER_LIMIT_REACHED", `a limit of the broker is reached: ${said}`);
  if (said === "No channels left to allocate")
    return make(
      "BROKER_LIMIT_REACHED",
      "the broker allows fewer channels on a connection than the worker needs, which are 2 (channel_max in its settings)",
    );
  if (reply === 406 || reply === 405)
    return make(
      "BROKER_DECLARATION_MISMATCH",
      `already declared with different properties: ${said}. Delete it on the broker, or declare it the same way on both sides (AMQP_SERVER_CONFIGURATION)`,
    );
  if (isHandshake && reply === 403)
    return make(
      "BROKER_LOGIN_REFUSED",
      said.includes("mechanism EXTERNAL")
        ? "login refused; check AMQP_TLS_CLIENT_CERT, whose name must be that of a user, or set AMQP_USERNAME and AMQP_PASSWORD too"
        : "login refused; check AMQP_USERNAME and AMQP_PASSWORD",
    );
  if (/^SASL mechanism \S+ is not provided by the server/.test(said))
    return make(
      "BROKER_LOGIN_REFUSED",
      "the broker has no login mechanism that the worker knows: PLAIN, or EXTERNAL with a client certificate; check auth_mechanisms in its settings, AMQP_TLS_CLIENT_CERT and AMQP_TLS_CLIENT_KEY",
    );
  // As a reply, it comes for a channel or an object, and names it.
  if (reply === 530) return toVirtualHostError(what, { code: reply, text: said }, error);
  if (reply === 403)
    return make("BROKER_PERMISSION_REFUSED", `${said}; the user needs the permissions configure, write and read on it`);
  if (isTlsError(error))
    return make(
      "BROKER_TLS_FAILED",
      `TLS failed: ${said}; check AMQP_TLS, AMQP_PORT, AMQP_TLS_CERT (the file with the trusted certificates) and, if the broker asks for a certificate, AMQP_TLS_CLIENT_CERT`,
    );
  return make("BROKER_UNREACHABLE", said);
}

/**
 * Returns the error for a virtual host that the broker does not open.
 *
 * @param refusal - What the broker said when it was asked again.
 */
export function toVirtualHostError(what: string, refusal: Refusal | undefined, cause: unknown): McaiError {
  const make = (code: string, text: string) => new McaiError(code, `${what}: ${text}`, { cause });
  const said = refusal && `${refusal.code} ${refusal.text}`;
  if (!refusal)
    return make(
      "BROKER_LIMIT_REACHED",
      "the broker closed the connection when it opened the virtual host, and did not say why when asked again; a limit of connections may be reached",
    );
  if (isLimit(refusal.text)) return make("BROKER_LIMIT_REACHED", `a limit of the broker is reached: ${said}`);
  if (refusal.code === 530)
    return make(
      "BROKER_VIRTUAL_HOST_MISSING",
      `the virtual host does not exist, or the user has no access to it: ${said}; check AMQP_VHOST and the user's permissions`,
    );
  return make("BROKER_UNREACHABLE", `the broker does not open the virtual host: ${said}`);
}

// "connection limit (2) is reached", "has reached the maximum allowed user limit of (1)", "exceeded".
function isLimit(said: string): boolean {
  return /\blimit\b/i.test(said) && /\b(reached|exceeded)\b/i.test(said);
}

function isTlsError(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return (
    typeof code === "string" &&
    /^(ERR_TLS|ERR_SSL|ERR_OSSL|EPROTO|CERT_|CRL_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|INVALID_|HOSTNAME_MISMATCH)/.test(
      code,
    )
  );
}

// An AggregateError has one error for each address of a host, and no text.
function textOf(error: unknown): string {
  const all: unknown[] = error instanceof AggregateError ? error.errors : [error];
  const texts = all.map((one) => (one instanceof Error ? one.message : String(one)).trim().replaceAll(/\s+/g, " "));
  return [...new Set(texts)].join("; ");
}

/** Whether an error needs someone to fix its cause, so that another attempt would fail in the same way. */
export function isRefusal(error: unknown): boolean {
  return error instanceof McaiError && !temporary.has(error.code);
}

const temporary: ReadonlySet<string> = new Set(["BROKER_UNREACHABLE", "BROKER_LIMIT_REACHED"]);
