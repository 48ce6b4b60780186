import { setTimeout as delay } from "node:timers/promises";
import type { JobLog } from "@mcai/worker-sdk";
import { MediaError, type MediaErrorCode } from "../errors.ts";
import { errorText } from "../ffmpeg.ts";
import { collectLog } from "../ffmpeg-log.ts";
import { hidePassphrase, type SrtAddress } from "./srt-address.ts";

/** How long a peer that refused, or was not there, is left alone. */
const retryPauseMs = 250;

/** One attempt to reach a peer, or to be reached. */
export interface Attempt {
  /** Gives FFmpeg's number, below 0 if there is no connection. */
  open(): Promise<number>;
  interrupt(): void;
}

/** What a connection is made with. */
export interface ConnectOptions {
  readonly address: SrtAddress;
  /** Of the error: an address is a source or an output. */
  readonly code: MediaErrorCode;
  readonly log: JobLog | undefined;
}

/**
 * Waits for a peer. One that is called may come later, so it is called again until the signal says that it is enough.
 *
 * @throws The signal's reason.
 * @throws {MediaError} If the address cannot be listened on.
 */
export async function connectSrt<Opened extends Attempt>(
  begin: () => Opened,
  signal: AbortSignal,
  { address, code, log }: ConnectOptions,
): Promise<Opened> {
  for (let isFirst = true; ; isFirst = false) {
    signal.throwIfAborted();
    const attempt = begin();
    const interrupt = () => attempt.interrupt();
    signal.addEventListener("abort", interrupt, { once: true });
    const opened = await collectLog(() => attempt.open());
    signal.removeEventListener("abort", interrupt);
    if (opened.code >= 0) return attempt;
    signal.throwIfAborted();
    const reason = hidePassphrase(opened.lines[0] ?? errorText(opened.code));
    if (address.listens) throw new MediaError(code, `${address.shown}: cannot be listened on: ${reason}`);
    if (isFirst) log?.warn(`${address.shown}: the peer cannot be reached yet, and is called again: ${reason}`);
    await delay(retryPauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
