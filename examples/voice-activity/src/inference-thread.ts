import { once } from "node:events";
import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { ExitGate } from "./exit-gate.ts";
import type { SpeechModel, SpeechStream } from "./speech-model.ts";

/** Runs the model in its own thread, so that it computes while the job thread decodes. */
export class InferenceThread implements SpeechModel {
  #worker: Worker | undefined;
  readonly #streams = new Set<ThreadStream>();

  /** Starts the thread and loads the model. @throws The error of the thread. */
  static async start(): Promise<InferenceThread> {
    const thread = new InferenceThread();
    await thread.#start();
    return thread;
  }

  /** Opens a stream. Starts the thread again if it has ended. */
  async open(): Promise<SpeechStream> {
    const worker = this.#worker ?? (await this.#start());
    const { port1, port2 } = new MessageChannel();
    const stream = new ThreadStream(port1, () => this.#streams.delete(stream));
    this.#streams.add(stream);
    worker.postMessage(port2, [port2]);
    return stream;
  }

  /** Lets the thread finish its computation, release the model and exit. */
  async close(): Promise<void> {
    const worker = this.#worker;
    if (!worker) return;
    const exited = once(worker, "exit");
    worker.postMessage("close");
    await exited;
  }

  #start(): Promise<Worker> {
    const gate = new ExitGate();
    const closeGate = () => gate.close();
    const worker = new Worker(new URL("./inference-entry.js", import.meta.url), { workerData: gate.buffer });
    process.on("exit", closeGate);
    return new Promise((resolve, reject) => {
      let exitError: Error | undefined;
      worker.once("message", () => {
        this.#worker = worker;
        resolve(worker);
      });
      worker.on("error", (error) => {
        exitError = new Error(`The inference thread failed: ${error.message}`, { cause: error });
      });
      worker.once("exit", (code) => {
        exitError ??= new Error(`The inference thread exited with code ${code}`);
        process.off("exit", closeGate);
        this.#worker = undefined;
        for (const stream of this.#streams) stream.fail(exitError);
        reject(exitError);
      });
    });
  }
}

type Answer = { readonly probabilities: Float32Array } | { readonly error: unknown };

class ThreadStream implements SpeechStream {
  readonly #port: MessagePort;
  readonly #onClose: () => void;
  readonly #pending: ((answer: Answer) => void)[] = [];
  #failure: Error | undefined;

  constructor(port: MessagePort, onClose: () => void) {
    this.#port = port;
    this.#onClose = onClose;
    port.on("message", (answer: Answer) => this.#pending.shift()?.(answer));
  }

  async infer(samples: Float32Array): Promise<Float32Array> {
    if (this.#failure) throw this.#failure;
    this.#port.postMessage(samples, [samples.buffer as ArrayBuffer]);
    const answer = await new Promise<Answer>((resolve) => this.#pending.push(resolve));
    if ("error" in answer) throw answer.error;
    return answer.probabilities;
  }

  /** Rejects all pending and all later calls with this error. */
  fail(error: Error): void {
    this.#failure = error;
    for (const answer of this.#pending.splice(0)) answer({ error });
  }

  close(): void {
    this.#port.close();
    this.#onClose();
    this.fail(new Error("The stream is closed"));
  }
}
