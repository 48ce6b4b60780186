import { setTimeout as delay } from "node:timers/promises";
import { MediaError, mediaError } from "../errors.ts";
import { errorText, loadFFmpeg } from "../ffmpeg.ts";
import { readSrtAddress, type SrtAddress } from "../srt/srt-address.ts";
import { connectSrt } from "../srt/srt-connection.ts";
import type { SrtOptions } from "../srt/srt-options.ts";
import { SrtSender } from "../srt/srt-sender.ts";
import { readSrtSettings, type SrtSettings } from "../srt/srt-settings.ts";
import { TimeLimit } from "../srt/time-limit.ts";

/** The time beyond its latency that a receiver may need to deliver the last data. */
const drainMarginMs = 100;

/** Sinks of ended jobs that keep their connection until the receiver has delivered its data. */
const closing = new Set<Promise<void>>();

/**
 * Resolves when all SRT outputs of ended jobs are disconnected. The thread must not exit earlier: it would end the
 * process.
 */
export async function allSinksClosed(): Promise<void> {
  await Promise.all(closing);
}

/**
 * An SRT peer that a job sends data to. Up to 1,316 bytes are sent as one message, more as several consecutive
 * messages.
 *
 * @example
 * ```ts
 * await job.output.srt("srt://10.0.0.4:9000").write(document);
 * ```
 */
export class SrtSink {
  /** The address of the peer, without its passphrase. */
  readonly path: string;
  readonly #settings: SrtSettings;
  readonly #address: SrtAddress;
  readonly #options: SrtOptions & { readonly signal: AbortSignal };
  /** Ends a pending connection when the sink is closed. */
  readonly #closed = new AbortController();
  #peer: Promise<SrtSender>;
  #last: Promise<void> = Promise.resolve();
  /** The connection on which the head was sent. */
  #headReceiver: SrtSender | undefined;
  #writtenAtMs: number | undefined;
  #isComplete = false;

  /**
   * Starts to connect immediately.
   *
   * @throws {@link MediaError} `OUTPUT_FAILED` if the address is invalid.
   * @throws {@link McaiError} `ENVIRONMENT_INVALID` if an SRT variable is invalid.
   * @internal
   */
  constructor(path: string, options: SrtOptions & { readonly signal: AbortSignal }) {
    this.#settings = readSrtSettings();
    this.#address = readSrtAddress(path, this.#settings, "OUTPUT_FAILED");
    this.path = this.#address.shown;
    this.#options = options;
    this.#peer = this.#connect("no peer connected");
  }

  /**
   * Sends data, in the order of the calls; resolves when SRT has accepted it. Waits for the peer if none is connected
   * yet. Rejects with the reason of the job's signal if the job is stopped.
   *
   * @throws {@link MediaError} `OUTPUT_FAILED` if no peer connects within `SRT_TIMEOUT_LIMIT`, or the peer disconnects.
   */
  write(piece: string | Uint8Array): Promise<void> {
    return this.writeWithHead("", piece);
  }

  /** Like `write`, but sends `head` before the first piece of each connection. @internal */
  writeWithHead(head: string, piece: string | Uint8Array): Promise<void> {
    // The caller may reuse its buffer meanwhile.
    const bytes = typeof piece === "string" ? Buffer.from(piece) : Buffer.copyBytesFrom(piece);
    this.#last = this.#last.then(() => this.#send(head, bytes));
    return this.#last;
  }

  /**
   * Disconnects when the receiver has had time to deliver the last data. A stopped job does not wait for that.
   *
   * @internal
   */
  async complete(): Promise<void> {
    this.#isComplete = true;
    await this.#last.catch(() => undefined);
    const leaving = this.#drainAndDisconnect();
    closing.add(leaving);
    void leaving.finally(() => closing.delete(leaving));
    if (!this.#options.signal.aborted) await leaving;
  }

  /** Disconnects immediately; has no effect after `complete`. @internal */
  async close(): Promise<void> {
    if (!this.#isComplete) await this.#disconnect();
  }

  async #drainAndDisconnect(): Promise<void> {
    if (this.#writtenAtMs !== undefined) {
      // A receiver discards its latency buffer when its peer disconnects.
      const waitedMs = performance.now() - this.#writtenAtMs;
      await delay(Math.max(0, this.#address.latencyMs + drainMarginMs - waitedMs));
    }
    await this.#disconnect();
  }

  async #disconnect(): Promise<void> {
    this.#closed.abort();
    const peer = await this.#peer.catch(() => undefined);
    peer?.interrupt();
    await this.#last.catch(() => undefined);
    await peer?.close();
  }

  async #send(head: string, bytes: Buffer): Promise<void> {
    const { signal, reconnect, log } = this.#options;
    for (;;) {
      const peer = await this.#peer;
      signal.throwIfAborted();
      const hasHead = head === "" || this.#headReceiver === peer;
      const code = await peer.write(hasHead ? bytes : Buffer.concat([Buffer.from(head), bytes]));
      if (code >= 0) {
        if (!hasHead) this.#headReceiver = peer;
        this.#writtenAtMs = performance.now();
        return;
      }
      signal.throwIfAborted();
      this.#writtenAtMs = undefined;
      await peer.close();
      const lost = `${this.path}: peer disconnected: ${errorText(code)}`;
      if (!reconnect) throw mediaError("OUTPUT_FAILED", lost);
      log?.warn(`${lost}; waiting for it to reconnect`);
      this.#peer = this.#connect("the peer did not reconnect");
    }
  }

  #connect(missing: string): Promise<SrtSender> {
    const { signal, log } = this.#options;
    const { timeoutMs } = this.#settings;
    const limit = new TimeLimit(AbortSignal.any([signal, this.#closed.signal]), timeoutMs, () => {
      const within = `within ${timeoutMs} ms (SRT_TIMEOUT_LIMIT)`;
      return mediaError("OUTPUT_FAILED", `${this.path}: ${missing} ${within}`);
    });
    const connect = async () => {
      try {
        await loadFFmpeg();
        const options = { address: this.#address, code: "OUTPUT_FAILED", log } as const;
        const peer = await connectSrt(() => new SrtSender(this.#address.url), limit.signal, options);
        signal.addEventListener("abort", () => peer.interrupt(), { once: true });
        log?.info(`${this.path}: connected`);
        return peer;
      } finally {
        limit.clear();
      }
    };
    const connecting = connect();
    // The error is reported by write().
    connecting.catch(() => undefined);
    return connecting;
  }
}
