import { setTimeout as delay } from "node:timers/promises";
import { MediaError } from "../errors.ts";
import { errorText, loadFFmpeg } from "../ffmpeg.ts";
import type { SrtOptions } from "../live-options.ts";
import { readSrtAddress, type SrtAddress } from "../srt/srt-address.ts";
import { connectSrt } from "../srt/srt-connection.ts";
import { SrtSender } from "../srt/srt-sender.ts";
import { readSrtSettings, type SrtSettings } from "../srt/srt-settings.ts";
import { TimeLimit } from "../srt/time-limit.ts";

/** How much longer than its latency a receiver may need for what it got last. */
const drainMarginMs = 100;

/** What still holds its connection for a receiver's sake, although its job has ended. */
const closing = new Set<Promise<void>>();

/** Resolves when all outputs of ended jobs left their peers: a thread that ends before would end the process. */
export async function allSinksClosed(): Promise<void> {
  await Promise.all(closing);
}

/**
 * Sends pieces to an SRT peer as they come: up to 1,316 bytes are one message, more are several in a row.
 *
 * @example
 * ```ts
 * await job.output.srt("srt://10.0.0.4:9000").write(document);
 * ```
 */
export class SrtSink {
  /** Where it goes, without a passphrase. */
  readonly path: string;
  readonly #settings: SrtSettings;
  readonly #address: SrtAddress;
  readonly #options: SrtOptions & { readonly signal: AbortSignal };
  /** Ends the waiting for a peer that nothing is to be sent to. */
  readonly #closed = new AbortController();
  #peer: Promise<SrtSender>;
  #last: Promise<void> = Promise.resolve();
  /** Who got the head of what is sent. */
  #headReceiver: SrtSender | undefined;
  #writtenAtMs: number | undefined;
  #isComplete = false;

  /**
   * Begins to wait for its peer at once.
   *
   * @throws {MediaError} `OUTPUT_FAILED` if the path is no address.
   * @throws {McaiError} `ENVIRONMENT_INVALID`
   * @internal
   */
  constructor(path: string, options: SrtOptions & { readonly signal: AbortSignal }) {
    this.#settings = readSrtSettings();
    this.#address = readSrtAddress(path, this.#settings, "OUTPUT_FAILED");
    this.path = this.#address.shown;
    this.#options = options;
    this.#peer = this.#connect("no peer was there");
  }

  /**
   * Sends a piece; resolves when it was handed over, in the order of the calls. Waits for the peer if there is none yet.
   *
   * @throws {MediaError} `OUTPUT_FAILED` if no peer was there within `SRT_TIMEOUT_LIMIT`, or it went away.
   * @throws The reason of the job's signal, once the job is to stop.
   */
  write(piece: string | Uint8Array): Promise<void> {
    return this.writeWithHead("", piece);
  }

  /** As `write`, with a head before the first such piece of each connection. @internal */
  writeWithHead(head: string, piece: string | Uint8Array): Promise<void> {
    // The caller may use its bytes for something else meanwhile.
    const bytes = typeof piece === "string" ? Buffer.from(piece) : Buffer.copyBytesFrom(piece);
    this.#last = this.#last.then(() => this.#send(head, bytes));
    return this.#last;
  }

  /**
   * Leaves the peer when it can have given on what it got last; a job that is to stop is not kept waiting for that.
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

  /** @internal Leaves the peer at once; does nothing after `complete`. */
  async close(): Promise<void> {
    if (!this.#isComplete) await this.#disconnect();
  }

  async #drainAndDisconnect(): Promise<void> {
    if (this.#writtenAtMs !== undefined) {
      // A receiver forgets what it still keeps when its peer leaves.
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
      const lost = `${this.path}: the peer is gone: ${errorText(code)}`;
      if (!reconnect) throw new MediaError("OUTPUT_FAILED", lost);
      log?.warn(`${lost}; it is waited for`);
      this.#peer = this.#connect("the peer did not come back");
    }
  }

  #connect(missing: string): Promise<SrtSender> {
    const { signal, log } = this.#options;
    const { timeoutMs } = this.#settings;
    const limit = new TimeLimit(AbortSignal.any([signal, this.#closed.signal]), timeoutMs, () => {
      const within = `within ${timeoutMs} ms (SRT_TIMEOUT_LIMIT)`;
      return new MediaError("OUTPUT_FAILED", `${this.path}: ${missing} ${within}`);
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
    // Whoever writes hears of it.
    connecting.catch(() => undefined);
    return connecting;
  }
}
