import type { StopReason } from "../worker/job.ts";

const reasons: readonly StopReason[] = ["order", "drain", "deadline"];

/**
 * The stop flag of the job thread, in memory that both threads see: the serial number of the run that shall stop, and
 * why. A serial number, so that a late stop never meets the next job.
 */
export class StopFlag {
  readonly buffer: SharedArrayBuffer;
  readonly #cells: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer);
  }

  /** Asks the run with this serial number to stop. */
  raise(serial: number, reason: StopReason): void {
    Atomics.store(this.#cells, 1, reasons.indexOf(reason));
    Atomics.store(this.#cells, 0, serial);
  }

  /** Why the run with this serial number shall stop; undefined if it shall not. */
  reasonFor(serial: number): StopReason | undefined {
    return Atomics.load(this.#cells, 0) === serial ? reasons[Atomics.load(this.#cells, 1)] : undefined;
  }
}
