import { readFileSync } from "node:fs";
import type { SocketConstructorOpts } from "node:net";
import type { ChannelModel, Options, SocketOptions } from "amqplib";
import type { BrokerHost } from "../../env/addresses.ts";
import type { BrokerSettings } from "../../env.ts";
import { McaiError } from "../../errors.ts";
import { toBrokerError } from "./broker-error.ts";

/** The timeout for opening a connection. */
const connectTimeoutMs = 10_000;
/** The timeout for closing a connection. */
const closeTimeoutMs = 2000;

/**
 * Opens a connection to one host of the broker.
 *
 * @param signal - Destroys the socket of the connection when it is aborted, also after the connection is open.
 * @throws {@link McaiError} when the connection cannot be opened; {@link toBrokerError} creates it.
 */
export async function openConnection(
  settings: BrokerSettings,
  host: BrokerHost,
  name: string,
  signal: AbortSignal,
): Promise<ChannelModel> {
  const { username, password, virtualHost: vhost, tls, heartbeatSeconds: heartbeat } = settings;
  const { connect } = await import("amqplib");
  const what = `broker ${host.hostname}:${host.port}, virtual host ${vhost}, user ${username}`;
  try {
    // A socket that is created with an aborted signal connects all the same, and would stay open.
    signal.throwIfAborted();
    const address: Options.Connect = {
      protocol: tls ? "amqps" : "amqp",
      ...host,
      username,
      password,
      // amqplib decodes the virtual host even when it is not part of a URL.
      vhost: encodeURIComponent(vhost),
      heartbeat,
    };
    // amqplib passes these to `net.connect` or `tls.connect`. `signal` is an option of Node.js sockets: the public way to
    // destroy the socket of a connection, which is needed when the broker no longer answers and `close()` would wait.
    const socketOptions: SocketOptions & Pick<SocketConstructorOpts, "signal"> = {
      // Without it, each response waits until the packet before it is acknowledged: 17 jobs a second.
      noDelay: true,
      timeout: connectTimeoutMs,
      signal,
      clientProperties: { connection_name: name },
      ...(tls && tlsOptions(settings)),
    };
    return await connect(address, socketOptions);
  } catch (error) {
    throw toBrokerError(error, what);
  }
}

function tlsOptions({ tlsCertificateFile, tlsVerify }: BrokerSettings): object {
  if (tlsCertificateFile === undefined) return { rejectUnauthorized: tlsVerify };
  try {
    return { ca: readFileSync(tlsCertificateFile), rejectUnauthorized: tlsVerify };
  } catch (cause) {
    throw new McaiError("BROKER_TLS_FAILED", `AMQP_TLS_CERT: ${(cause as Error).message}`, { cause });
  }
}

/** The version of the broker, such as `3.10.8`. */
export function brokerVersion({ connection }: ChannelModel): string {
  return connection.serverProperties.version;
}

/** Closes a connection, and resolves when the broker has confirmed it or did not answer in time. Never rejects. */
export async function closeConnection(connection: ChannelModel): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timedOut = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeTimeoutMs);
  });
  // Rejects if the connection is already closed.
  await Promise.race([connection.close().catch(() => undefined), timedOut]);
  clearTimeout(timer);
}
