import { MediaError, type MediaErrorCode, mediaError } from "../errors.ts";
import type { SrtSettings } from "./srt-settings.ts";

/** The address of an SRT peer, or the address to listen on. */
export interface SrtAddress {
  /** The URL for FFmpeg, with all options. */
  readonly url: string;
  /** The address for logs and messages, without its passphrase. */
  readonly shown: string;
  /** Whether the worker listens and the peer calls. */
  readonly listens: boolean;
  /** The time for which a receiver buffers data before it delivers it. */
  readonly latencyMs: number;
}

/** Whether a path is an SRT address. */
export function isSrt(path: string): boolean {
  return /^srt:/i.test(path);
}

/**
 * Reads `srt://host:port`, which calls the peer, or `srt://:port`, which listens on all addresses. The query holds
 * FFmpeg's options, which take precedence over the settings.
 *
 * @param code - The code of the error, which differs between sources and outputs.
 * @throws {@link MediaError} With `code`, if the address is invalid.
 */
export function readSrtAddress(path: string, settings: SrtSettings, code: MediaErrorCode): SrtAddress {
  const shown = hidePassphrase(path);
  const match = /^srt:\/\/(\[[^\]]*\]|[^:/?@]*):(\d{1,5})\/?(?:\?(.*))?$/i.exec(path);
  const [, host = "", port, query = ""] = match ?? [];
  if (Number(port ?? 0) < 1 || Number(port) > 65_535)
    throw mediaError(code, `${shown}: expected srt://host:port to call, or srt://:port to listen`);
  const given = new Map(query.split("&").map((pair) => splitAt(pair, pair.indexOf("="))));
  const isAny = host === "" || host === "0.0.0.0" || host === "[::]";
  const mode = given.get("mode") ?? (isAny ? "listener" : "caller");
  if (mode === "caller" && isAny) throw mediaError(code, `${shown}: expected the host to call, as in srt://host:port`);
  const { latencyMs, tooLatePacketDrop, dropThresholdPercent } = settings;
  const options: Record<string, string | number> = {
    mode,
    latency: latencyMs * 1000,
    tlpktdrop: tooLatePacketDrop ? 1 : 0,
    snddropdelay: Math.round((latencyMs * 1000 * (dropThresholdPercent - 100)) / 100),
  };
  const added = Object.entries(options).filter(([name]) => !given.has(name));
  const all = [...(query === "" ? [] : [query]), ...added.map(([name, value]) => `${name}=${value}`)].join("&");
  const latencyUs = Number(given.get("latency") ?? options.latency);
  return {
    url: `srt://${host}:${port}?${all}`,
    shown,
    listens: mode === "listener",
    latencyMs: Number.isFinite(latencyUs) ? latencyUs / 1000 : latencyMs,
  };
}

/** Replaces the passphrases of the addresses in a text. */
export function hidePassphrase(text: string): string {
  return text.replace(/(passphrase=)[^&\s'"]*/gi, "$1[redacted]");
}

function splitAt(text: string, at: number): [string, string] {
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
