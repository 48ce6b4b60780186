import type { MessagePort } from "node:worker_threads";
import { McaiError, messageOf } from "../errors.ts";
import { onMessage, send } from "../thread-protocol/channel.ts";
import type { Command, Report, WorkerDescription } from "../thread-protocol/messages.ts";
import type { AnyWorker } from "../worker/define-worker.ts";
import { Processor, type ProcessorOptions } from "./processor.ts";
import { stackOf } from "./stack.ts";

/** Options of a {@link JobThreadSession}. */
export interface JobThreadSessionOptions extends Omit<ProcessorOptions, "report" | "context" | "worker"> {
  readonly port: MessagePort;
  /** Called when the worker gets another instance id. */
  readonly onRename?: (instanceId: string) => void;
}

/** The job thread's side of the channel: runs `setup`, passes commands to the processor, runs `teardown`. */
export class JobThreadSession {
  readonly #options: JobThreadSessionOptions;

  constructor(options: JobThreadSessionOptions) {
    this.#options = options;
  }

  /** Loads the worker and reports its description; with `setUp` also runs `setup` and takes jobs. */
  async start(
    load: () => Promise<{ worker: AnyWorker; description: WorkerDescription }>,
    setUp: boolean,
  ): Promise<void> {
    try {
      const { worker, description } = await load();
      this.#report({ kind: "described", description });
      if (!setUp) return;
      this.serve(worker, await this.#setUp(worker));
    } catch (error) {
      const { redactor } = this.#options;
      const code = error instanceof McaiError ? error.code : "WORKER_INVALID";
      const stack = placeOf(error);
      const place = stack === undefined ? undefined : { stack: redactor.redact(stack) };
      this.#report({ kind: "failed", code, message: redactor.redact(messageOf(error)), ...place });
    }
  }

  /** Takes jobs for a worker that is set up. */
  serve(worker: AnyWorker, context: unknown): void {
    const { port } = this.#options;
    const processor = new Processor({ ...this.#options, worker, context, report: (report) => this.#report(report) });
    onMessage(port, (command: Command) => {
      if (command.kind === "close") void this.#close(worker, context);
      else if (command.kind === "rename") this.#options.onRename?.(command.instanceId);
      else if (command.kind === "ping") this.#report({ kind: "pong" });
      else void processor.execute(command);
    });
    this.#report({ kind: "ready" });
  }

  /** Reports an error that nothing caught; the thread is about to exit. */
  crash(error: unknown): void {
    this.#report({ kind: "crashed", message: this.#options.redactor.redact(messageOf(error)) });
  }

  async #setUp(worker: AnyWorker): Promise<unknown> {
    try {
      return await worker.setup?.();
    } catch (cause) {
      throw new McaiError("SETUP_FAILED", `The worker's setup failed: ${messageOf(cause)}`, { cause });
    }
  }

  async #close(worker: AnyWorker, context: unknown): Promise<void> {
    try {
      await worker.teardown?.(context);
    } catch (error) {
      const stack = stackOf(error);
      const text = `The worker's teardown failed: ${messageOf(error)}`;
      this.#options.log.event("error", text, { ...(stack !== undefined && { stack }) });
    }
    this.#report({ kind: "closed" });
  }

  #report(report: Report): void {
    send(this.#options.port, report);
  }
}

// What the SDK says itself has no place of interest; its cause is what the worker's code threw.
function placeOf(error: unknown): string | undefined {
  return stackOf(error instanceof McaiError ? error.cause : error);
}
