import type { StopReason } from "../worker/job.ts";

/** Why the main thread stops a job. */
export type StopCause = Exclude<StopReason, "worker">;

const causes: readonly StopCause[] = ["order", "drain", "deadline"];

/**
 * The stop flag of the job thread, in memory that both threads share: the serial number of the run that must stop, and the
 * reason. The serial number keeps a late stop from reaching the next job.
 */
export class StopFlag {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer);
  }

  /** Asks the run with this serial number to stop. */
  raise(serial: number, cause: StopCause): void {
    Atomics.store(this.#cells, 1, causes.indexOf(cause));
    Atomics.store(this.#cells, 0, serial);
  }

  /** The reason for which the run with this serial number must stop; undefined if it need not. */
  reasonFor(serial: number): StopCause | undefined {
    return Atomics.load(this.#cells, 0) === serial ? causes[Atomics.load(this.#cells, 1)] : undefined;
  }
}
