import { readFileSync } from "node:fs";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import type { BrokerSettings } from "../../env.ts";
import { McaiError } from "../../errors.ts";
import { isOutOfFiles } from "../../open-files.ts";

type TlsOptions = Pick<ConnectionOptions, "ca" | "cert" | "key" | "rejectUnauthorized">;

/**
 * Returns the options of a TLS socket: which certificates are trusted, and which one the worker shows. The files are read
 * on each call, because they may be replaced while the worker runs.
 *
 * @throws {@link McaiError} `BROKER_TLS_FAILED` if a file cannot be read, or does not hold what is expected.
 */
export function tlsOptions({ tlsCertificateFile, tlsClient, tlsVerify }: BrokerSettings): TlsOptions {
  const options: TlsOptions = { rejectUnauthorized: tlsVerify };
  if (tlsCertificateFile !== undefined) options.ca = read("AMQP_TLS_CERT", tlsCertificateFile);
  if (!tlsClient) return options;
  options.cert = read("AMQP_TLS_CLIENT_CERT", tlsClient.certificateFile);
  options.key = read("AMQP_TLS_CLIENT_KEY", tlsClient.keyFile);
  check("AMQP_TLS_CLIENT_CERT", tlsClient.certificateFile, { cert: options.cert });
  check("AMQP_TLS_CLIENT_KEY", tlsClient.keyFile, { key: options.key });
  check("AMQP_TLS_CLIENT_KEY is not the key of AMQP_TLS_CLIENT_CERT", tlsClient.keyFile, options);
  return options;
}

function read(variable: string, file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (isOutOfFiles(cause)) throw cause;
    throw new McaiError("BROKER_TLS_FAILED", `${variable}: ${(cause as Error).message}`, { cause });
  }
}

function check(what: string, file: string, options: TlsOptions): void {
  try {
    createSecureContext(options);
  } catch (cause) {
    throw new McaiError(
      "BROKER_TLS_FAILED",
      `${what}: ${file}: ${(cause as Error).message}; expected a PEM file, with a key that has no passphrase`,
      { cause },
    );
  }
}
