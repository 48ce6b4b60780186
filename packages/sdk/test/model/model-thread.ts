import { setImmediate as tick } from "node:timers/promises";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { JobThreadSession, type JobThreadSessionOptions } from "../../src/job-thread/session.ts";
import { onMessage, send } from "../../src/thread-protocol/channel.ts";
import type { JobThreadHandle, JobThreadListener } from "../../src/thread-protocol/job-thread-handle.ts";
import type { Command, Report, WorkerDescription } from "../../src/thread-protocol/messages.ts";
import { StopFlag } from "../../src/thread-protocol/stop-flag.ts";
import type { AnyWorker } from "../../src/worker/define-worker.ts";

/** The job thread's side in the thread of the test, which can die and be replaced: then nothing of it is heard any more. */
export class ModelThread implements JobThreadHandle {
  launches = 0;
  /** The jobs that were begun, one id for each run. */
  readonly begun: number[] = [];
  readonly #stopFlag = new StopFlag();
  readonly #worker: AnyWorker;
  readonly #description: WorkerDescription;
  readonly #options: Omit<JobThreadSessionOptions, "port" | "stopFlag">;
  #listener: JobThreadListener | undefined;
  #port: MessagePort | undefined;
  #isStopping = false;

  constructor(
    worker: AnyWorker,
    description: WorkerDescription,
    options: Omit<JobThreadSessionOptions, "port" | "stopFlag">,
  ) {
    this.#worker = worker;
    this.#description = description;
    this.#options = options;
  }

  async start<Listener extends JobThreadListener>(listen: (worker: WorkerDescription) => Listener): Promise<Listener> {
    const listener = listen(this.#description);
    this.#listener = listener;
    await this.#launch();
    return listener;
  }

  post(command: Exclude<Command, { kind: "close" }>): void {
    if (command.kind === "run" || command.kind === "initialise") this.begun.push(command.order.job_id);
    if (command.kind === "stop") this.#stopFlag.raise(command.serial, command.reason);
    if (this.#port) send(this.#port, command);
  }

  /** The thread exits unexpectedly. */
  async kill(): Promise<void> {
    if (!this.#port) return;
    this.#end();
    this.#listener?.onThreadLost("The job thread exited unexpectedly: exit code 1.");
    await this.#relaunch();
  }

  async replace(): Promise<void> {
    this.#end();
    await tick();
    await this.#relaunch();
  }

  async stop(how: "ask" | "force"): Promise<boolean> {
    this.#isStopping = true;
    const port = this.#port;
    if (port && how === "ask") send(port, { kind: "close" });
    await tick();
    this.#end();
    return true;
  }

  #end(): void {
    this.#port?.close();
    this.#port = undefined;
  }

  async #relaunch(): Promise<void> {
    await tick();
    if (this.#isStopping || this.#port) return;
    await this.#launch();
    this.#listener?.onThreadRecovered();
  }

  async #launch(): Promise<void> {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    this.launches++;
    const session = new JobThreadSession({ ...this.#options, port: port2, stopFlag: this.#stopFlag });
    await new Promise<void>((resolve) => {
      port1.once("close", resolve);
      onMessage(port1, (report: Report) => {
        if (this.#port !== port1) return;
        if (report.kind === "ready") resolve();
        else this.#listener?.onThreadReport(report);
      });
      session.serve(this.#worker, undefined);
    });
  }
}
