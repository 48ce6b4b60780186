import { type Environment, invalid, readText } from "./values.ts";

/** The address of a broker. */
export interface BrokerHost {
  readonly hostname: string;
  readonly port: number;
}

const maxPort = 65_535;
const maxHostLength = 253;

/**
 * Whether a resolver accepts a host: an address of IPv4 or IPv6, or a name of at most 253 characters whose labels have 1
 * to 63 letters, digits, `-` or `_`. A name outside of ASCII is converted as Node.js does before it is resolved.
 */
function isHost(text: string): boolean {
  // The zone of a link-local address, which URL does not know.
  if (text.includes(":")) return URL.canParse(`http://[${text.replace(/%[\w.-]+$/, "")}]`);
  const labels = toAscii(text)?.replace(/\.$/, "").split(".");
  if (labels === undefined) return false;
  // The short and hexadecimal forms of IPv4 too; 999.1.1.1 is not a name either.
  if (labels.every((label) => /^(?:\d+|0x[\da-f]*)$/i.test(label))) return URL.canParse(`http://${text}`);
  return (
    labels.join(".").length <= maxHostLength &&
    !text.startsWith("-") &&
    labels.every((label) => /^[\w-]{1,63}$/.test(label))
  );
}

function toAscii(text: string): string | undefined {
  if (/^[\w.-]*$/.test(text) && !/(?:^|\.)xn--/i.test(text)) return text;
  // URL accepts more than a host.
  if (/[\s/\\?#@:%[\]]/.test(text)) return undefined;
  return URL.canParse(`http://${text}`) ? new URL(`http://${text}`).hostname : undefined;
}

/**
 * Reads hosts separated by commas: `host`, `host:port`, `::1`, `[::1]` or `[::1]:port`. `defaultPort` is the port of one that
 * has none. Undefined if the variable is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if one of them is invalid. It is not shown, because it may be a URL with a
 *   password.
 */
export function readHosts(env: Environment, name: string, defaultPort: number): readonly BrokerHost[] | undefined {
  const texts = readText(env, name)?.split(",");
  return texts?.map((text, index) => {
    const match = /^(?:\[([^\]]*:[^\]]*)\]|([^:]+|[^:]*(?::[^:]*){2,}))(?::(\d{1,5}))?$/.exec(text.trim());
    const hostname = match?.[1] ?? match?.[2];
    const port = match?.[3] === undefined ? defaultPort : Number(match[3]);
    if (hostname !== undefined && isHost(hostname) && port >= 1 && port <= maxPort) return { hostname, port };
    throw invalid(
      name,
      "hosts separated by commas, each a name or an address with an optional :port, without user and scheme; " +
        `number ${index + 1} of ${texts.length} is not one (it is not shown, because it may have a password)`,
    );
  });
}

/**
 * Reads the host to listen on. Undefined if the variable is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is not a name or an address.
 */
export function readHost(env: Environment, name: string): string | undefined {
  const text = readText(env, name);
  const host = /^\[(.+)\]$/.exec(text ?? "")?.[1] ?? text;
  if (host === undefined || isHost(host)) return host;
  throw invalid(name, "the name or the address of a host", text);
}

/**
 * Reads the address of an HTTP server, without `/` at its end. Undefined if the variable is not set or empty.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if it is not an address, or has a user, a query or a fragment. It is not
 *   shown, because it may have a password.
 */
export function readHttpAddress(env: Environment, name: string): string | undefined {
  const text = readText(env, name);
  if (text === undefined || isHttpAddress(text)) return text?.replace(/\/+$/, "");
  throw invalid(
    name,
    "an address such as http://backend:4000/api, without user, password, query and fragment " +
      "(it is not shown, because it may have a password)",
  );
}

function isHttpAddress(text: string): boolean {
  if (!/^https?:\/\/[^\s@?#\\]+$/i.test(text) || !URL.canParse(text)) return false;
  return isHost(new URL(text).hostname.replace(/^\[(.*)\]$/, "$1"));
}
