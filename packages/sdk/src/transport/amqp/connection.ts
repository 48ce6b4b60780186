import { connect as connectTcp, isIP, type LookupFunction, type Socket, type SocketConstructorOpts } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ChannelModel, Options, SocketOptions } from "amqplib";
import type { BrokerHost } from "../../env/addresses.ts";
import type { BrokerSettings } from "../../env.ts";
import type { McaiError } from "../../errors.ts";
import { askRefusal, type Login } from "./ask-refusal.ts";
import { isRefusal, isVirtualHostRefused, toBrokerError, toVirtualHostError } from "./broker-error.ts";
import { HostAddresses } from "./host-addresses.ts";
import { tlsOptions } from "./tls.ts";

/** The timeout for opening a connection. */
const connectTimeoutMs = 10_000;
/** The timeout for closing a connection. */
const closeTimeoutMs = 2000;

/**
 * Opens a connection to one host of the broker. If its name has several addresses, each one is tried until one accepts.
 *
 * @param signal - Destroys the socket of the connection when it is aborted, also after the connection is open.
 * @throws {@link McaiError} when the connection cannot be opened; {@link toBrokerError} creates it. It is a refusal only if
 * all addresses that answer refuse.
 */
export async function openConnection(
  settings: BrokerSettings,
  host: BrokerHost,
  name: string,
  signal: AbortSignal,
): Promise<ChannelModel> {
  const { username, virtualHost, tlsClient } = settings;
  const user = tlsClient ? "client certificate" : `user ${username}`;
  const what = `broker ${host.hostname}:${host.port}, virtual host ${virtualHost}, ${user}`;
  const addresses = new HostAddresses();
  const failures: McaiError[] = [];
  do {
    try {
      return await open({ settings, host, name, what, signal, lookup: addresses.lookup });
    } catch (error) {
      failures.push(toBrokerError(error, what));
      // Such a socket has tried all addresses.
      if (signal.aborted || hasNotConnected(error)) break;
    }
  } while (addresses.next());
  throw failures.find((failure) => !isRefusal(failure)) ?? failures[0] ?? new Error("no address");
}

interface Attempt {
  readonly settings: BrokerSettings;
  readonly host: BrokerHost;
  readonly name: string;
  readonly what: string;
  readonly signal: AbortSignal;
  readonly lookup: LookupFunction;
}

async function open({ settings, host, name, what, signal, lookup }: Attempt): Promise<ChannelModel> {
  const { username, password, virtualHost, tls, tlsClient, hasUsername, heartbeatSeconds } = settings;
  const { connect, credentials } = await import("amqplib");
  const address: Options.Connect = {
    protocol: tls ? "amqps" : "amqp",
    ...host,
    // amqplib decodes the virtual host even when it is not part of a URL.
    vhost: encodeURIComponent(virtualHost),
    heartbeat: heartbeatSeconds,
  };
  // amqplib passes these to `net.connect` or `tls.connect`. `signal` is an option of Node.js sockets: the public way to
  // destroy the socket of a connection, which is needed when the broker no longer answers and `close()` would wait.
  const socketOptions: SocketOptions & Pick<SocketConstructorOpts, "signal"> = {
    // Without it, each response waits until the packet before it is acknowledged: 17 jobs a second.
    noDelay: true,
    timeout: connectTimeoutMs,
    signal,
    lookup,
    clientProperties: { connection_name: name },
    ...(tls && tlsOptions(settings)),
  };
  const plain = credentials.plain(username, password);
  const connectBy = async (login: Login) => {
    // A socket that is created with an aborted signal connects all the same, and would stay open.
    signal.throwIfAborted();
    try {
      return await connect(address, { ...socketOptions, credentials: login });
    } catch (error) {
      if (!isVirtualHostRefused(error) || signal.aborted) throw error;
      const refusal = await askRefusal(() => openSocket(tls, host, socketOptions), login, virtualHost);
      throw toVirtualHostError(what, refusal, error);
    }
  };
  if (!tlsClient) return connectBy(plain);
  try {
    return await connectBy(credentials.external());
  } catch (error) {
    if (!canUsePassword(error, hasUsername)) throw error;
    return connectBy(plain);
  }
}

// A certificate may be meant for TLS alone. Nobody logs in as guest because the name in a certificate is unknown.
function canUsePassword(error: unknown, hasUsername: boolean): boolean {
  if (!(error instanceof Error)) return false;
  if (error.message.startsWith("SASL mechanism EXTERNAL is not provided")) return true;
  return hasUsername && error.message.startsWith("Handshake terminated by server: 403");
}

function openSocket(tls: boolean, { hostname, port }: BrokerHost, options: SocketOptions): Socket {
  const { timeout: _, ...rest } = options;
  const all = { ...rest, host: hostname, port };
  // As amqplib does: an address has no server name.
  return tls ? connectTls({ ...all, ...(!isIP(hostname) && { servername: hostname }) }) : connectTcp(all);
}

function hasNotConnected(error: unknown): boolean {
  return error instanceof AggregateError || (error as NodeJS.ErrnoException).syscall === "connect";
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
