import { killDescendants } from "./process-end.ts";

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Listens for the signals that end a run. A second signal ends the process at once. */
export class ShutdownSignals {
  /** Resolves, with nothing, when the run must end. */
  readonly requested: Promise<undefined>;
  /** The exit code of the process; undefined until the run must end. */
  exitCode: number | undefined;
  readonly #handlers: (readonly [string, () => void])[];
  readonly #onRequest: () => void;
  #received = 0;
  #resolveRequested: (nothing: undefined) => void = () => undefined;

  constructor(onRequest: () => void) {
    this.#onRequest = onRequest;
    this.requested = new Promise((resolve) => {
      this.#resolveRequested = resolve;
    });
    this.#handlers = Object.entries(exitCodes).map(([signal, code]) => {
      return [signal, () => this.#receive(signal, code)] as const;
    });
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  /** Ends the run as a signal does, with this exit code. */
  request(exitCode: number): void {
    if (this.exitCode !== undefined) return;
    this.exitCode = exitCode;
    this.#resolveRequested(undefined);
    this.#onRequest();
  }

  // A signal that follows a stop_worker is the first signal, not the second.
  #receive(signal: string, exitCode: number): void {
    if (++this.#received > 1) this.#endProcess(signal, exitCode);
    this.request(exitCode);
  }

  // Without a handler the signal ends the process, whatever its threads do. The first process of a container ignores it then,
  // but can exit, unless a native call holds the job thread.
  #endProcess(signal: string, exitCode: number): never {
    killDescendants();
    this.detach();
    process.kill(process.pid, signal);
    process.exit(exitCode);
  }

  /** Stops listening: signals have Node's default effect again. */
  detach(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
