import { readFile } from "node:fs/promises";
import type { Log } from "../log/log.ts";
import { fitMessage } from "./fit-message.ts";
import { logResponse } from "./response-log.ts";
import type { Message, Settlement, Transport, TransportListener } from "./transport.ts";

/**
 * The transport of a local run: delivers order files in turn, each when the previous one is settled. What is published goes
 * to the log alone. A requeued file is delivered again after the next `consume(true)`, before the files that follow it.
 */
export class FileTransport implements Transport {
  /** The number of files that could not be read. */
  unreadable = 0;
  /** Resolves when every file is settled, or when the transport is stopped. */
  readonly ended: Promise<void>;
  readonly #files: string[];
  readonly #log: Log;
  readonly #maxResponseBytes: number | undefined;
  #end: () => void = () => undefined;
  #listener: TransportListener | undefined;
  #isBusy = false;
  #isPaused = true;
  #requeuedFile: string | undefined;

  constructor(files: readonly string[], log: Log, maxResponseBytes?: number) {
    this.#files = [...files];
    this.#log = log;
    this.#maxResponseBytes = maxResponseBytes;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async start(listener: TransportListener): Promise<void> {
    this.#listener = listener;
  }

  async consume(jobs: boolean): Promise<void> {
    // consume(false) has no effect: no other worker could take the files.
    if (!jobs) return;
    this.#isPaused = false;
    this.#next();
  }

  async publish(message: Message): Promise<void> {
    const fitting = fitMessage(message, this.#maxResponseBytes, this.#log);
    if (!fitting) return;
    logResponse(this.#log, fitting);
  }

  async stop(): Promise<void> {
    this.#listener = undefined;
    this.#end();
  }

  #next(): void {
    if (this.#isBusy || this.#isPaused || !this.#listener) return;
    const file = this.#files.shift();
    if (file === undefined) {
      this.#end();
      return;
    }
    this.#isBusy = true;
    void this.#deliver(file);
  }

  async #deliver(file: string): Promise<void> {
    let body: Uint8Array;
    try {
      body = await readFile(file);
    } catch (error) {
      this.unreadable++;
      this.#log.error(`The order file "${file}" cannot be read: ${(error as Error).message}`);
      this.#done();
      return;
    }
    if (file !== this.#requeuedFile) this.#log.info(`Start to process order: "${file}"`);
    this.#requeuedFile = undefined;
    const settle = async (how: Settlement) => {
      this.#isPaused = how === "requeue";
      if (this.#isPaused) {
        this.#requeuedFile = file;
        this.#files.unshift(file);
      }
      this.#done();
      return true;
    };
    const delivery = {
      body,
      origin: file,
      direct: true,
      canRequeue: true,
      redelivered: false,
      canCountDeath: false,
      deaths: 0,
      softRejects: 0,
      attempt: 1,
      canDelay: false,
    };
    this.#listener?.onDelivery({ ...delivery, settle });
  }

  #done(): void {
    this.#isBusy = false;
    this.#next();
  }
}
