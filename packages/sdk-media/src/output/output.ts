import { turnToWrite } from "../streams/turn.ts";
import { FileSink, type Framing } from "./file-sink.ts";
import type { SrtSink } from "./srt-sink.ts";

/** What an SRT peer gets beside the values. */
interface Surroundings {
  /** Before the first value of each connection. */
  readonly head: string;
  /** Behind each value. */
  readonly tail: string;
}

const none: Surroundings = { head: "", tail: "" };

/**
 * What a job writes, one value after another, so that memory does not grow with the media: to an SRT peer each as it comes,
 * or to a file. Until the job has ended that has a temporary name, its own with `.part` behind it; a device or a pipe is
 * written to as it is.
 */
export abstract class Output<Value> {
  /** Where the file will be, or who gets what is written. */
  readonly path: string;
  readonly #file?: FileSink;
  readonly #write: (piece: string) => Promise<void>;

  /** @internal @param peer - Gets each value as it comes, instead of a file; ended by whoever opened it. */
  constructor(path: string, framing: Framing, peer: SrtSink | undefined, { head, tail }: Surroundings = none) {
    this.path = peer?.path ?? path;
    if (peer) {
      this.#write = (piece) => peer.writeWithHead(head, piece + tail);
    } else {
      const file = new FileSink(path, framing);
      this.#file = file;
      this.#write = (piece) => file.write(piece);
    }
  }

  /** Where what was written stands, if anything was; undefined otherwise. */
  get partialPath(): string | undefined {
    return this.#file?.partialPath;
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
    return this.#write(this.toPiece(value));
  }

  /** Completes the file and gives it its final name. @internal */
  async complete(): Promise<void> {
    await this.#file?.complete();
  }

  /** Closes the file; an incomplete one keeps its temporary name. @internal */
  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** The text of a value, whole in itself. @internal */
  protected abstract toPiece(value: Value): string;
}
