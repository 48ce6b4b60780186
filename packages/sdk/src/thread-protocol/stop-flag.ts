import type { StopReason } from "../worker/job.ts";

const reasons: readonly StopReason[] = ["order", "drain", "deadline"];

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
  raise(serial: number, reason: StopReason): void {
    Atomics.store(this.#cells, 1, reasons.indexOf(reason));
    Atomics.store(this.#cells, 0, serial);
  }

  /** The reason for which the run with this serial number must stop; undefined if it need not. */
  reasonFor(serial: number): StopReason | undefined {
    return Atomics.load(this.#cells, 0) === serial ? reasons[Atomics.load(this.#cells, 1)] : undefined;
  }
}
