import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { externalRemedy, McaiError, WorkerFailure } from "../errors.ts";
import { onMessage, send } from "../thread-protocol/channel.ts";
import type { JobThreadHandle, JobThreadListener } from "../thread-protocol/job-thread-handle.ts";
import type { Command, Report, ThreadOptions, WorkerDescription } from "../thread-protocol/messages.ts";
import { StopFlag } from "../thread-protocol/stop-flag.ts";

/** The thread may exit unexpectedly this often in a row, without a job that ends normally in between. */
const maxCrashes = 10;
/** A thread that takes longer to terminate is held by a native call. A large heap takes a second. */
const maxTerminateMs = 2000;
/** The same for a thread that has answered: no native call holds it, but the machine may be busy. */
const maxAnsweredTerminateMs = 10_000;

const pingIntervalMs = 1000;

/** Options of a {@link ThreadHost}. */
export interface ThreadHostOptions extends Omit<ThreadOptions, "stopFlag" | "describe"> {
  /** The time that `teardown` may take. */
  readonly maxTeardownMs: number;
}

/** The job thread as a `worker_threads` thread: starts it, replaces it when it exits unexpectedly, and stops it. */
export class ThreadHost implements JobThreadHandle {
  readonly #options: ThreadHostOptions;
  readonly #stopFlag = new StopFlag();
  #listener: JobThreadListener | undefined;
  #worker: Worker | undefined;
  #crashesInRow = 0;
  #pingedAt: number | undefined;
  #isStopping = false;
  #isHeld = false;
  #replaced: Promise<void> | undefined;
  #stopped: Promise<boolean> | undefined;

  constructor(options: ThreadHostOptions) {
    findEntry();
    this.#options = options;
  }

  launches = 0;
  /** Whether a thread was terminated that had not run its `teardown`, so that what it had started may live on. */
  hasTerminated = false;
  /** The number of times that the thread exited unexpectedly. */
  crashes = 0;

  /** The time for which the thread has not answered; 0 unless {@link watch} was called. */
  get silentMs(): number {
    return this.#pingedAt === undefined ? 0 : performance.now() - this.#pingedAt;
  }

  /** Sends a ping each second, unless one is unanswered: a job may not yield for hours. */
  watch(): void {
    setInterval(() => {
      if (this.#pingedAt !== undefined || !this.#worker) return;
      this.#pingedAt = performance.now();
      send(this.#worker, { kind: "ping" });
    }, pingIntervalMs).unref();
  }

  async start<Listener extends JobThreadListener>(listen: (worker: WorkerDescription) => Listener): Promise<Listener> {
    const listener = listen(await this.#launch());
    this.#listener = listener;
    return listener;
  }

  post(command: Exclude<Command, { kind: "close" }>): void {
    if (command.kind === "stop") this.#stopFlag.raise(command.serial, command.reason);
    if (this.#worker) send(this.#worker, command);
  }

  replace(): Promise<void> {
    this.#replaced = this.#replace();
    return this.#replaced;
  }

  async #replace(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    if (worker && !(await this.#terminate(worker)))
      return this.#listener?.onThreadFailed(new McaiError("THREAD_FAILED", "A native call holds the job thread."));
    await this.#relaunch();
  }

  stop(how: "ask" | "force", maxTeardownMs = this.#options.maxTeardownMs): Promise<boolean> {
    this.#stopped ??= this.#stop(how, maxTeardownMs);
    return this.#stopped;
  }

  async #stop(how: "ask" | "force", maxTeardownMs: number): Promise<boolean> {
    this.#isStopping = true;
    const worker = this.#worker;
    this.#worker = undefined;
    if (!worker) {
      await this.#replaced;
      return !this.#isHeld;
    }
    if (how === "force") return this.#terminate(worker);
    const closed = new Promise<boolean>((resolve) => {
      onMessage(worker, (report: Report) => report.kind === "closed" && resolve(true));
      worker.once("exit", () => resolve(true));
    });
    send(worker, { kind: "close" });
    const limitMs = Math.min(maxTeardownMs, this.#options.maxTeardownMs);
    const answered = await Promise.race([closed, delay(limitMs, false, { ref: false })]);
    return this.#terminate(worker, answered);
  }

  async #terminate(worker: Worker, answered = false): Promise<boolean> {
    if (!answered) this.hasTerminated = true;
    const limitMs = answered ? maxAnsweredTerminateMs : maxTerminateMs;
    const terminated = worker.terminate().then(() => true);
    const inTime = await Promise.race([terminated, delay(limitMs, false, { ref: false })]);
    this.#isHeld = !inTime;
    return inTime;
  }

  async #relaunch(): Promise<void> {
    if (this.#isStopping) return;
    try {
      await this.#launch();
      this.#listener?.onThreadRecovered();
    } catch (error) {
      this.#listener?.onThreadFailed(error as Error);
    }
  }

  #launch(): Promise<WorkerDescription> {
    const { maxTeardownMs: _, ...options } = this.#options;
    const worker = startThread({ ...options, stopFlag: this.#stopFlag.buffer, describe: false }, false);
    this.#worker = worker;
    this.launches++;
    this.#pingedAt = undefined;
    return new Promise((resolve, reject) => {
      let description: WorkerDescription | undefined;
      let reason = "";
      let failure: McaiError | undefined;
      let ready = false;
      onMessage(worker, (report: Report) => {
        if (report.kind === "described") description = report.description;
        else if (report.kind === "crashed") reason = report.message;
        else if (report.kind === "pong") this.#pingedAt = undefined;
        else if (report.kind === "failed") {
          this.#worker = undefined;
          failure = new WorkerFailure(report.code, report.message, report.stack);
          void this.#terminate(worker).then(() => reject(failure));
        } else if (report.kind === "ready" && description) {
          ready = true;
          resolve(description);
        } else {
          if (report.kind === "ended") this.#crashesInRow = 0;
          this.#listener?.onThreadReport(report);
        }
      });
      worker.on("error", (error: Error & { code?: string }) => {
        reason =
          error.code === "ERR_WORKER_OUT_OF_MEMORY"
            ? "its heap is full (NODE_OPTIONS=--max-old-space-size raises it)"
            : error.message;
      });
      worker.on("exit", (code) => {
        reason ||= `exit code ${code}`;
        if (ready && this.#worker === worker && !this.#isStopping)
          void this.#onCrash(`The job thread exited unexpectedly: ${reason}.`);
        // Before the thread is ready, setup runs if the worker is described, else the module; a settled promise stays settled.
        else if (description)
          reject(failure ?? new McaiError("SETUP_FAILED", `The worker's setup ended its thread: ${reason}.`));
        else reject(failure ?? new McaiError("WORKER_INVALID", `The worker's module ended its thread: ${reason}.`));
      });
    });
  }

  async #onCrash(reason: string): Promise<void> {
    this.#worker = undefined;
    this.crashes++;
    this.#listener?.onThreadLost(reason);
    if (++this.#crashesInRow < maxCrashes) return this.#relaunch();
    const text = `The job thread exited unexpectedly ${maxCrashes} times in a row, without a job that ended normally in between. The last time: ${reason}`;
    this.#listener?.onThreadFailed(new McaiError("THREAD_FAILED", text));
  }
}

/** Starts the job thread; with `quiet` the caller gets what it prints, instead of standard output. */
export function startThread(options: ThreadOptions, quiet: boolean): Worker {
  return new Worker(findEntry(), { workerData: options, stdout: quiet });
}

// The build puts job-thread/entry.ts next to the bundle that holds this file.
function findEntry(): URL {
  const entry = new URL("./job-thread.js", import.meta.url);
  // A bundle of another project may have this name too.
  if (entry.href !== import.meta.url && existsSync(fileURLToPath(entry))) return entry;
  throw new McaiError("MODULE_NOT_FOUND", externalRemedy("dist/job-thread.js"));
}
