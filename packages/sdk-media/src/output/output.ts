import { openSink } from "./open-sink.ts";
import type { Framing, Sink } from "./sink.ts";
import { turnToWrite } from "./turn.ts";

/**
 * A file that a job writes, one value after another, so that memory does not grow with the media. Until the job has ended
 * it has a temporary name, its own with `.part` behind it; a device or a pipe is written to as it is.
 */
export abstract class Output<Value> {
  /** Where the file will be. */
  readonly path: string;
  readonly #sink: Sink;

  /** @internal */
  constructor(path: string, framing: Framing) {
    this.path = path;
    this.#sink = openSink(path, framing);
  }

  /** Where what was written stands, if anything was; undefined otherwise. */
  get partialPath(): string | undefined {
    return this.#sink.partialPath;
  }

  /**
   * Adds a value; resolves when it may be forgotten. Values stand in the order of the calls; of handlers that run beside
   * each other (`concurrency`) in the order in which those were called.
   *
   * @throws {MediaError} `OUTPUT_FAILED` if the folder is missing, the disk is full or the value is none that can be written.
   */
  async write(value: Value): Promise<void> {
    const turn = turnToWrite();
    if (turn) await turn;
    return this.#sink.write(this.toPiece(value));
  }

  /** Ends the file and gives it its name. */
  async finish(): Promise<void> {
    await this.#sink.finish();
  }

  /** Leaves what was written under its temporary name. */
  async abandon(): Promise<void> {
    await this.#sink.abandon();
  }

  /** The text of a value, whole in itself. @internal */
  protected abstract toPiece(value: Value): string;
}
