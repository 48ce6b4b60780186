import { readFileSync } from "node:fs";
import type { Socket } from "node:net";
import type { ChannelModel } from "amqplib";
import type { BrokerHost, BrokerSettings } from "../../env.ts";
import { McaiError } from "../../errors.ts";
import { toBrokerError } from "./broker-error.ts";

/** How long the broker may take to take a connection. */
const connectTimeoutMs = 10_000;
/** How long a connection may take to close by saying so. */
const closeTimeoutMs = 2000;

/**
 * Opens a connection to one broker, unless it is aborted before.
 *
 * @throws {McaiError} A named error, as {@link toBrokerError} makes it.
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
    // A socket that is made with a signal that was aborted before connects all the same, and nobody would end it.
    signal.throwIfAborted();
    return await connect(
      // amqplib unescapes the virtual host, also one that is no part of an address.
      { protocol: tls ? "amqps" : "amqp", ...host, username, password, vhost: encodeURIComponent(vhost), heartbeat },
      {
        // Without it each response waits for the acknowledgement of the packet before: 17 jobs a second.
        noDelay: true,
        timeout: connectTimeoutMs,
        // Of the socket, and not in amqplib's types.
        ...{ signal },
        clientProperties: { connection_name: name },
        ...(tls && tlsOptions(settings)),
      },
    );
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

/** The version that the broker tells of itself, such as 3.10.8. */
export function brokerVersion(connection: ChannelModel): string {
  return String((connection.connection.serverProperties as { version?: unknown }).version ?? "unknown");
}

/** Ends a connection: by saying so if the broker still answers, else by its socket alone. Never throws. */
export async function endConnection(connection: ChannelModel): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeTimeoutMs);
  });
  // A connection that is closed already says so by an error.
  await Promise.race([connection.close().catch(() => undefined), late]);
  clearTimeout(timer);
  abandonConnection(connection);
}

/** Ends a connection by its socket alone, at once. */
export function abandonConnection(connection: ChannelModel): void {
  // With an error, because that lets amqplib end its heartbeats.
  socketOf(connection).destroy(new Error("abandoned"));
}

/** The socket of a connection, which amqplib's types do not have. */
export function socketOf(connection: ChannelModel): Socket {
  return (connection.connection as unknown as { stream: Socket }).stream;
}
