import { readFile } from "node:fs/promises";
import type { Log } from "../log/log.ts";
import type { Message, Settlement, Transport, TransportListener } from "./transport.ts";

// The reference logs the responses of a local run under these names.
const tags: Readonly<Record<string, string>> = {
  job_completed: "Completed",
  job_error: "Error",
  job_stopped: "Stopped",
  job_progression: "Feedback",
  worker_status: "Feedback",
};

/**
 * Delivers the files of a local run, each when the one before is settled, and logs what is published. A file that is
 * given back waits for the next `consume(true)`, and the files behind it with it.
 */
export class FileTransport implements Transport {
  /** How many files could not be read. */
  unreadable = 0;
  /** Resolves when every file was settled, or the transport was closed. */
  readonly ended: Promise<void>;
  readonly #files: string[];
  readonly #log: Log;
  #end: () => void = () => undefined;
  #listener: TransportListener | undefined;
  #busy = false;
  #held = true;
  #returned: string | undefined;

  constructor(files: readonly string[], log: Log) {
    this.#files = [...files];
    this.#log = log;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  async start(listener: TransportListener): Promise<void> {
    this.#listener = listener;
  }

  async consume(jobs: boolean): Promise<void> {
    // Every file is for this worker alone, so there is no queue to turn away from.
    if (!jobs) return;
    this.#held = false;
    this.#next();
  }

  async publish({ routingKey, body }: Message): Promise<void> {
    const response: unknown = JSON.parse(Buffer.from(body).toString());
    const tag = tags[routingKey] ?? routingKey.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const tagged = tag === "Feedback" ? { type: "progression", ...(response as object) } : response;
    const jobId = (response as { job_id?: number }).job_id;
    const log = jobId === undefined ? this.#log : this.#log.forJob(jobId);
    log.info(JSON.stringify({ [tag]: tagged }));
  }

  async stop(): Promise<void> {
    this.#listener = undefined;
    this.#end();
  }

  #next(): void {
    if (this.#busy || this.#held || !this.#listener) return;
    const file = this.#files.shift();
    if (file === undefined) {
      this.#end();
      return;
    }
    this.#busy = true;
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
    if (file !== this.#returned) this.#log.info(`Start to process order: "${file}"`);
    this.#returned = undefined;
    const settle = async (how: Settlement) => {
      this.#held = how === "requeue";
      if (this.#held) {
        this.#returned = file;
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
      canDelay: false,
    };
    this.#listener?.onDelivery({ ...delivery, settle });
  }

  #done(): void {
    this.#busy = false;
    this.#next();
  }
}
