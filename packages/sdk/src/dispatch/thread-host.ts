import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { externalRemedy, McaiError } from "../errors.ts";
import { onMessage, send } from "../thread-protocol/channel.ts";
import type { JobThreadHandle, JobThreadListener } from "../thread-protocol/job-thread-handle.ts";
import type { Command, Report, ThreadOptions, WorkerDescription } from "../thread-protocol/messages.ts";
import { StopFlag } from "../thread-protocol/stop-flag.ts";

/** How often in a row the thread may end without a job that ended by itself in between. */
const maxDeaths = 10;
/** How long a thread may take to end by force; longer means that a native call holds it. */
const forceMs = 500;
/** The same for a thread that has answered: no call holds it, but the machine may be busy. */
const answeredMs = 10_000;

/** How often a watched thread is asked whether it can answer. */
const pingMs = 1000;

/** What a {@link ThreadHost} is made of. */
export interface ThreadHostOptions extends Omit<ThreadOptions, "stopFlag" | "describe"> {
  /** How long `teardown` may take. */
  readonly closeMs: number;
}

/** The job thread in a real thread: starts it, starts it again when it died, and ends it. */
export class ThreadHost implements JobThreadHandle {
  readonly #options: ThreadHostOptions;
  readonly #stopFlag = new StopFlag();
  #listener: JobThreadListener | undefined;
  #worker: Worker | undefined;
  #deaths = 0;
  #askedMs: number | undefined;
  #ending = false;
  #held = false;

  constructor(options: ThreadHostOptions) {
    findEntry();
    this.#options = options;
  }

  /** How often the thread ended unasked. */
  lost = 0;

  /** How long the thread has owed an answer, as far as {@link watch} asks. */
  get silentMs(): number {
    return this.#askedMs === undefined ? 0 : performance.now() - this.#askedMs;
  }

  /** Asks the thread each second whether it can answer, but one question at a time: a job may be deaf for hours. */
  watch(): void {
    setInterval(() => {
      if (this.#askedMs !== undefined || !this.#worker) return;
      this.#askedMs = performance.now();
      send(this.#worker, { kind: "ping" });
    }, pingMs).unref();
  }

  async start<Listener extends JobThreadListener>(listen: (worker: WorkerDescription) => Listener): Promise<Listener> {
    const listener = listen(await this.#open());
    this.#listener = listener;
    return listener;
  }

  post(command: Exclude<Command, { kind: "close" }>): void {
    if (command.kind === "stop") this.#stopFlag.raise(command.serial, command.reason);
    if (this.#worker) send(this.#worker, command);
  }

  async replace(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker && !(await this.#endByForce(worker)))
      return this.#listener?.failed(new McaiError("THREAD_FAILED", "A native call holds the job thread."));
    await this.#reopen();
  }

  async end(how: "ask" | "force"): Promise<boolean> {
    this.#ending = true;
    const worker = this.#worker;
    this.#worker = undefined;
    if (!worker) return !this.#held;
    if (how === "force") return this.#endByForce(worker);
    const closed = new Promise<boolean>((resolve) => {
      onMessage(worker, (report: Report) => report.kind === "closed" && resolve(true));
      worker.once("exit", () => resolve(true));
    });
    send(worker, { kind: "close" });
    const answered = await Promise.race([closed, delay(this.#options.closeMs, false, { ref: false })]);
    return this.#endByForce(worker, answered ? answeredMs : forceMs);
  }

  async #endByForce(worker: Worker, limitMs = forceMs): Promise<boolean> {
    const ended = worker.terminate().then(() => true);
    const inTime = await Promise.race([ended, delay(limitMs, false, { ref: false })]);
    this.#held = !inTime;
    return inTime;
  }

  async #reopen(): Promise<void> {
    try {
      await this.#open();
      this.#listener?.recovered();
    } catch (error) {
      this.#listener?.failed(error as Error);
    }
  }

  #open(): Promise<WorkerDescription> {
    const { closeMs: _, ...options } = this.#options;
    const worker = startThread({ ...options, stopFlag: this.#stopFlag.buffer, describe: false }, false);
    this.#worker = worker;
    this.#askedMs = undefined;
    return new Promise((resolve, reject) => {
      let description: WorkerDescription | undefined;
      let why = "";
      let failure: McaiError | undefined;
      let ready = false;
      onMessage(worker, (report: Report) => {
        if (report.kind === "described") description = report.description;
        else if (report.kind === "crashed") why = report.message;
        else if (report.kind === "pong") this.#askedMs = undefined;
        else if (report.kind === "failed") {
          this.#worker = undefined;
          failure = new McaiError(report.code, report.message);
          void this.#endByForce(worker).then(() => reject(failure));
        } else if (report.kind === "ready" && description) {
          ready = true;
          resolve(description);
        } else {
          if (report.kind === "ended") this.#deaths = 0;
          this.#listener?.report(report);
        }
      });
      worker.on("error", (error: Error & { code?: string }) => {
        why =
          error.code === "ERR_WORKER_OUT_OF_MEMORY"
            ? "its heap is full (NODE_OPTIONS=--max-old-space-size raises it)"
            : error.message;
      });
      worker.on("exit", (code) => {
        why ||= `exit code ${code}`;
        if (ready && this.#worker === worker && !this.#ending) void this.#lose(`The job thread ended unasked: ${why}.`);
        // Before it was ready, what it ran says whose fault it is; a promise that was settled before stays so.
        else if (description)
          reject(failure ?? new McaiError("SETUP_FAILED", `The worker's setup ended its thread: ${why}.`));
        else reject(failure ?? new McaiError("WORKER_INVALID", `The worker's module ended its thread: ${why}.`));
      });
    });
  }

  async #lose(why: string): Promise<void> {
    this.#worker = undefined;
    this.lost++;
    this.#listener?.lost(why);
    if (++this.#deaths < maxDeaths) return this.#reopen();
    const text = `The job thread ended ${maxDeaths} times in a row without a job that ended by itself. Last: ${why}`;
    this.#listener?.failed(new McaiError("THREAD_FAILED", text));
  }
}

/** Starts the job thread; with `quiet` what it prints goes to the caller instead of standard output. */
export function startThread(options: ThreadOptions, quiet: boolean): Worker {
  return new Worker(findEntry(), { workerData: options, stdout: quiet });
}

// Where the build puts entry.ts: beside the bundle that holds this file.
function findEntry(): URL {
  const entry = new URL("./job-thread.js", import.meta.url);
  // A bundle of this name is not the entry.
  if (entry.href !== import.meta.url && existsSync(fileURLToPath(entry))) return entry;
  throw new McaiError("MODULE_NOT_FOUND", externalRemedy("dist/job-thread.js"));
}
