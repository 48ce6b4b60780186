const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Watches for the signals that end a run; a second one ends the process at once. */
export class Interruption {
  /** Resolves, with nothing, when the run is to end. */
  readonly came: Promise<undefined>;
  /** What the process is to exit with; undefined while nothing came. */
  exitCode: number | undefined;
  readonly #handlers: (readonly [string, () => void])[];
  readonly #onInterrupt: () => void;
  #come: (nothing: undefined) => void = () => undefined;

  constructor(onInterrupt: () => void) {
    this.#onInterrupt = onInterrupt;
    this.came = new Promise((resolve) => {
      this.#come = resolve;
    });
    this.#handlers = Object.entries(exitCodes).map(([signal, code]) => [signal, () => this.interrupt(code)] as const);
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  /** Ends the run as a signal would, with this exit code. */
  interrupt(exitCode: number): void {
    if (this.exitCode !== undefined) process.exit(exitCode);
    this.exitCode = exitCode;
    this.#come(undefined);
    this.#onInterrupt();
  }

  /** Gives the signals back to Node. */
  dispose(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
