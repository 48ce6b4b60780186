import { MediaError, type MediaErrorCode } from "../errors.ts";
import type { SrtSettings } from "./srt-settings.ts";

/** Where an SRT peer is, or is waited for. */
export interface SrtAddress {
  /** With all options, as FFmpeg wants it. */
  readonly url: string;
  /** As it may stand in a log: without its passphrase. */
  readonly shown: string;
  /** Whether the peer calls us. */
  readonly listens: boolean;
  /** How long a receiver keeps what it has before it gives it on. */
  readonly latencyMs: number;
}

/** Whether a path is an address of SRT. */
export function isSrt(path: string): boolean {
  return /^srt:/i.test(path);
}

/**
 * Reads `srt://host:port`, which calls, or `srt://:port`, which listens on all addresses. What stands behind a `?` are
 * FFmpeg's options, and goes before the settings.
 *
 * @param code - Of the error: an address is a source or an output.
 */
export function readSrtAddress(path: string, settings: SrtSettings, code: MediaErrorCode): SrtAddress {
  const shown = hidePassphrase(path);
  const match = /^srt:\/\/(\[[^\]]*\]|[^:/?@]*):(\d{1,5})\/?(?:\?(.*))?$/i.exec(path);
  const [, host = "", port, query = ""] = match ?? [];
  if (Number(port ?? 0) < 1 || Number(port) > 65_535)
    throw new MediaError(code, `${shown}: expected srt://host:port to call, or srt://:port to listen`);
  const given = new Map(query.split("&").map((pair) => splitAt(pair, pair.indexOf("="))));
  const isAny = host === "" || host === "0.0.0.0" || host === "[::]";
  const mode = given.get("mode") ?? (isAny ? "listener" : "caller");
  if (mode === "caller" && isAny)
    throw new MediaError(code, `${shown}: expected the host to call, as in srt://host:port`);
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

/** A text without the passphrases of addresses in it. */
export function hidePassphrase(text: string): string {
  return text.replace(/(passphrase=)[^&\s'"]*/gi, "$1[redacted]");
}

function splitAt(text: string, at: number): [string, string] {
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
