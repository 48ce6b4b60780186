import { MessageChannel, type MessagePort } from "node:worker_threads";
import { McaiError } from "../errors.ts";
import { JobThreadSession, type JobThreadSessionOptions } from "../job-thread/session.ts";
import { onMessage, send } from "../thread-protocol/channel.ts";
import type { JobThreadHandle, JobThreadListener } from "../thread-protocol/job-thread-handle.ts";
import type { Command, Report, WorkerDescription } from "../thread-protocol/messages.ts";
import { StopFlag } from "../thread-protocol/stop-flag.ts";
import type { AnyWorker } from "../worker/define-worker.ts";

/** Options of an {@link InThread}. */
export interface InThreadOptions extends Omit<JobThreadSessionOptions, "port" | "stopFlag"> {
  readonly worker: AnyWorker;
  readonly description: WorkerDescription;
  /** Called when the worker postpones its job. */
  readonly onPostponed?: ((reason: string) => void) | undefined;
  /** Used instead of the value of `setup`. */
  readonly context: { readonly value: unknown } | undefined;
}

/** The job thread's side in the caller's own thread, on the same channel. It cannot be terminated. */
export class InThread implements JobThreadHandle {
  readonly #options: InThreadOptions;
  readonly launches = 1;
  readonly #stopFlag = new StopFlag();
  #listener: JobThreadListener | undefined;
  #port: MessagePort | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: InThreadOptions) {
    this.#options = options;
  }

  async start<Listener extends JobThreadListener>(listen: (worker: WorkerDescription) => Listener): Promise<Listener> {
    const { worker, description, context, onPostponed, ...options } = this.#options;
    const listener = listen(description);
    this.#listener = listener;
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.#closed = new Promise((resolve) => port1.once("close", resolve));
    const session = new JobThreadSession({ ...options, port: port2, stopFlag: this.#stopFlag });
    await new Promise<void>((resolve, reject) => {
      onMessage(port1, (report: Report) => {
        if (report.kind === "ready") resolve();
        else if (report.kind === "failed") {
          port1.close();
          reject(new McaiError(report.code, report.message));
        } else if (report.kind === "closed") port1.close();
        else {
          if (report.kind === "ended" && report.end.status === "delayed" && report.end.cause === "worker")
            onPostponed?.(report.end.message);
          listener.onThreadReport(report);
        }
      });
      if (context) session.serve(worker, context.value);
      else void session.start(() => Promise.resolve({ worker, description }), true);
    });
    return listener;
  }

  post(command: Exclude<Command, { kind: "close" }>): void {
    if (command.kind === "stop") this.#stopFlag.raise(command.serial, command.reason);
    if (this.#port) send(this.#port, command);
  }

  async replace(): Promise<void> {
    const error = new McaiError("THREAD_FAILED", "A job that runs in the test's own thread cannot be terminated.");
    this.#listener?.onThreadFailed(error);
  }

  async stop(how: "ask" | "force"): Promise<boolean> {
    const port = this.#port;
    this.#port = undefined;
    if (how === "force") port?.close();
    else if (port) send(port, { kind: "close" });
    await this.#closed;
    return true;
  }
}
