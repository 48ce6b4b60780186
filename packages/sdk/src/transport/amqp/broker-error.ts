import { McaiError } from "../../errors.ts";

/** The AMQP reply code of an error, such as 406 or 541. Undefined if the error does not come from the broker. */
export function replyCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause } = error as Error & { code?: unknown };
  if (typeof code === "number") return code;
  // For an error during the handshake and for a closed channel, amqplib has the code in the text only.
  const text = /\b(\d{3}) \([A-Z-]+\)/.exec(error.message)?.[1];
  return text === undefined ? replyCode(cause) : Number(text);
}

/**
 * Converts an error of the broker or the network to a {@link McaiError} that says how to fix it. An error that may be
 * temporary has the code `BROKER_UNREACHABLE`.
 *
 * @param what - The object that the error is about.
 */
export function toBrokerError(error: unknown, what: string): McaiError {
  if (error instanceof McaiError) return error;
  const said = (error instanceof Error ? error.message : String(error)).trim().replaceAll(/\s+/g, " ");
  const make = (code: string, text: string) => new McaiError(code, text, { cause: error });
  const reply = replyCode(error);
  const isHandshake = said.startsWith("Handshake terminated by server");
  if (reply === 406 || reply === 405)
    return make(
      "BROKER_DECLARATION_MISMATCH",
      `${what}: already declared with different properties: ${said}. Delete it on the broker, or declare it the same way on both sides (AMQP_SERVER_CONFIGURATION)`,
    );
  if (isHandshake && reply === 403)
    return make("BROKER_LOGIN_REFUSED", `${what}: login refused; check AMQP_USERNAME and AMQP_PASSWORD`);
  // The last step of the handshake opens the virtual host. amqplib does not pass on the broker's message.
  if (reply === 530 || /^Expected ConnectionOpenOk; got <ConnectionClose/.test(said))
    return make(
      "BROKER_VIRTUAL_HOST_MISSING",
      `${what}: the virtual host does not exist, or the user has no access to it; check AMQP_VHOST and the user's permissions`,
    );
  if (reply === 403)
    return make(
      "BROKER_PERMISSION_REFUSED",
      `${what}: ${said}; the user needs the permissions configure, write and read on it`,
    );
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (typeof code === "string" && /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code))
    return make(
      "BROKER_TLS_FAILED",
      `${what}: TLS failed: ${said}; check AMQP_TLS, AMQP_PORT and AMQP_TLS_CERT (the file with the trusted certificates)`,
    );
  return make("BROKER_UNREACHABLE", `${what}: ${said}`);
}

/** Whether an error needs someone to fix its cause, so that another attempt would fail in the same way. */
export function isRefusal(error: unknown): boolean {
  return error instanceof McaiError && error.code.startsWith("BROKER_") && error.code !== "BROKER_UNREACHABLE";
}
