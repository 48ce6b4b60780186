import { setTimeout as delay } from "node:timers/promises";
import type { JobLog } from "@mcai/worker-sdk";
import { MediaError, type MediaErrorCode, mediaError } from "../errors.ts";
import { errorText } from "../ffmpeg.ts";
import { collectLog } from "../ffmpeg-log.ts";
import { hidePassphrase, type SrtAddress } from "./srt-address.ts";

/** The delay before the next attempt to call a peer. */
const retryPauseMs = 250;

/** One attempt to call a peer, or to be called. */
export interface Attempt {
  /** Resolves with FFmpeg's return code; negative if there is no connection. */
  open(): Promise<number>;
  /** Ends `open` early. */
  interrupt(): void;
}

/** Options of {@link connectSrt}. */
export interface ConnectOptions {
  readonly address: SrtAddress;
  /** The code of the error, which differs between sources and outputs. */
  readonly code: MediaErrorCode;
  readonly log: JobLog | undefined;
}

/**
 * Waits for a peer. A peer that cannot be reached yet is called again until the signal aborts. Rejects with the
 * signal's reason.
 *
 * @throws {@link MediaError} With `code`, if it cannot listen on the address.
 */
export async function connectSrt<Opened extends Attempt>(
  start: () => Opened,
  signal: AbortSignal,
  { address, code, log }: ConnectOptions,
): Promise<Opened> {
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    const attempt = start();
    const interrupt = () => attempt.interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    const opened = await collectLog(() => attempt.open());
    signal.removeEventListener("abort", interrupt);
    if (opened.code >= 0) return attempt;
    signal.throwIfAborted();
    const reason = hidePassphrase(opened.lines[0] ?? errorText(opened.code));
    if (address.listens) throw mediaError(code, `${address.shown}: cannot listen on this address: ${reason}`);
    if (isFirst) log?.warn(`${address.shown}: the peer cannot be reached yet; retrying: ${reason}`);
    await delay(retryPauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
