const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Watches for the signals that end a run; a second one ends the process at once. */
export class ShutdownSignals {
  /** Resolves, with nothing, when the run is to end. */
  readonly requested: Promise<undefined>;
  /** What the process is to exit with; undefined while nothing came. */
  exitCode: number | undefined;
  readonly #handlers: (readonly [string, () => void])[];
  readonly #onInterrupt: () => void;
  #signals = 0;
  #come: (nothing: undefined) => void = () => undefined;

  constructor(onInterrupt: () => void) {
    this.#onInterrupt = onInterrupt;
    this.requested = new Promise((resolve) => {
      this.#come = resolve;
    });
    this.#handlers = Object.entries(exitCodes).map(([signal, code]) => [signal, () => this.#signal(code)] as const);
    for (const [signal, handler] of this.#handlers) process.on(signal, handler);
  }

  /** Ends the run as a signal would, with this exit code. */
  interrupt(exitCode: number): void {
    if (this.exitCode !== undefined) return;
    this.exitCode = exitCode;
    this.#come(undefined);
    this.#onInterrupt();
  }

  // The signal that follows an order to go down is no second one.
  #signal(exitCode: number): void {
    if (++this.#signals > 1) process.exit(exitCode);
    this.interrupt(exitCode);
  }

  /** Gives the signals back to Node. */
  dispose(): void {
    for (const [signal, handler] of this.#handlers) process.off(signal, handler);
  }
}
