import { McaiError } from "../../errors.ts";

/** The number that AMQP gives for an error (406, 541 …); undefined for all that did not come from the broker. */
export function replyCode(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, cause } = error as Error & { code?: unknown };
  if (typeof code === "number") return code;
  // Of an error in the handshake, and of a channel that was closed, amqplib gives only the text.
  const text = /\b(\d{3}) \([A-Z-]+\)/.exec(error.message)?.[1];
  return text === undefined ? replyCode(cause) : Number(text);
}

/**
 * Makes a named error of what the broker or the network said, with a remedy; `what` is the object it was about. What is
 * no refusal, and may be over in a moment, is `BROKER_UNREACHABLE`.
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
      `${what}: the broker has it otherwise: ${said}. Delete it there, or make both sides agree (AMQP_SERVER_CONFIGURATION)`,
    );
  if (isHandshake && reply === 403)
    return make("BROKER_LOGIN_REFUSED", `${what}: login refused; check AMQP_USERNAME and AMQP_PASSWORD`);
  // The last step of the handshake is the virtual host, and amqplib keeps the broker's words to itself.
  if (reply === 530 || /^Expected ConnectionOpenOk; got <ConnectionClose/.test(said))
    return make(
      "BROKER_VIRTUAL_HOST_MISSING",
      `${what}: there is no such virtual host, or the user may not enter it; check AMQP_VHOST and the user's permissions`,
    );
  if (reply === 403)
    return make("BROKER_PERMISSION_REFUSED", `${what}: ${said}; the user needs configure, write and read on it`);
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (typeof code === "string" && /^(ERR_TLS|ERR_SSL|EPROTO|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO)/.test(code))
    return make(
      "BROKER_TLS_FAILED",
      `${what}: TLS failed: ${said}; check AMQP_TLS, AMQP_PORT and AMQP_TLS_CERT (the file of the trusted certificates)`,
    );
  return make("BROKER_UNREACHABLE", `${what}: ${said}`);
}

/** Whether trying again changes nothing: somebody has to mend something. */
export function isRefusal(error: unknown): boolean {
  return error instanceof McaiError && error.code.startsWith("BROKER_") && error.code !== "BROKER_UNREACHABLE";
}
