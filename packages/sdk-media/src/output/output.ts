import { turnToWrite } from "../streams/turn.ts";
import { FileSink, type Framing } from "./file-sink.ts";
import type { SrtSink } from "./srt-sink.ts";

/** The text that an SRT peer receives in addition to the values. */
interface Surroundings {
  /** Before the first value of each connection. */
  readonly head: string;
  /** After each value. */
  readonly tail: string;
}

const none: Surroundings = { head: "", tail: "" };

/**
 * An output of a job: a file, or an SRT peer, which receives each value immediately. Values are written one after
 * another, so memory use does not depend on the length of the source. Until the job has ended, the name of a file has
 * the suffix `.part`; devices and pipes are written to directly.
 */
export abstract class Output<Value> {
  /** The final path of the file, or the address of the SRT peer. */
  readonly path: string;
  readonly #file?: FileSink;
  readonly #write: (piece: string) => Promise<void>;

  /** @param peer - Receives the values instead of a file; its owner closes it. @internal */
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

  /** The path of the incomplete file; undefined if there is none. */
  get partialPath(): string | undefined {
    return this.#file?.partialPath;
  }

  /**
   * Writes a value; resolves when the next one can be written. Values are written in the order of the calls; if
   * handlers run concurrently (`concurrency`), in the order in which the handlers were called.
   *
   * @throws {@link MediaError} `OUTPUT_FAILED` if the folder does not exist, the disk is full, or the value is invalid.
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

  /** Formats a value. @internal */
  protected abstract toPiece(value: Value): string;
}
