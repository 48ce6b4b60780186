import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { MediaError } from "../errors.ts";

/** How much is collected before it is written. */
const chunkCharacters = 64 * 1024;

/** What stands around the pieces of a file; each piece is one value, whole in itself. */
export interface Framing {
  /** Before the first piece, and alone if there is none. */
  readonly head: string;
  /** Between two pieces. */
  readonly separator: string;
  /** Behind the last piece. */
  readonly tail: string;
}

/**
 * A file that is written as pieces come. Until the end it has a temporary name, its own with `.part` behind it; a device
 * or a pipe is written to as it is.
 */
export class FileSink {
  readonly #path: string;
  readonly #framing: Framing;
  #file: Promise<FileHandle> | undefined;
  /** Whether there is a file under the temporary name. */
  #isPartial = false;
  #text: string;
  #count = 0;
  #last: Promise<void> = Promise.resolve();

  /** Opens nothing before the first piece. @throws {MediaError} `OUTPUT_FAILED` for what is no file. */
  constructor(path: string, framing: Framing) {
    if (/^[a-z]+:\/\//i.test(path))
      throw new MediaError("OUTPUT_FAILED", `${path}: only files and srt:// addresses can be written to`);
    this.#path = path;
    this.#framing = framing;
    this.#text = framing.head;
  }

  get partialPath(): string | undefined {
    return this.#isPartial ? this.#temporaryPath : undefined;
  }

  write(piece: string): Promise<void> {
    this.#text += this.#count++ === 0 ? piece : this.#framing.separator + piece;
    // The first one at once, so that a folder that is missing is known before all the work.
    if (this.#text.length < chunkCharacters && this.#file) return this.#last;
    return this.#flush();
  }

  /** Writes the end of the file, closes it and gives it its final name. */
  async complete(): Promise<void> {
    this.#text += this.#framing.tail;
    await this.#flush();
    const file = await this.#file;
    await this.#guard(async () => {
      await file?.close();
      if (!this.#isPartial) return;
      await rename(this.#temporaryPath, this.#path);
      this.#isPartial = false;
    });
  }

  /** Writes what is buffered and closes the file, which keeps its temporary name if it is not complete. */
  async close(): Promise<void> {
    if (this.#file) await this.#flush().catch(() => undefined);
    const file = await this.#file?.catch(() => undefined);
    await file?.close();
  }

  get #temporaryPath(): string {
    return `${this.#path}.part`;
  }

  #flush(): Promise<void> {
    const text = this.#text;
    this.#text = "";
    this.#last = this.#last.then(() =>
      this.#guard(async () => {
        this.#file ??= this.#open();
        await (await this.#file).writeFile(text);
      }),
    );
    return this.#last;
  }

  // What is no file proper has no other name that it could take at the end, and a folder would refuse it.
  async #open(): Promise<FileHandle> {
    const there = await stat(this.#path).catch(() => undefined);
    if (there?.isDirectory()) throw new Error("it is a folder; expected the path of a file");
    if (there && !there.isFile()) return open(this.#path, "w");
    const file = await open(this.#temporaryPath, "w");
    this.#isPartial = true;
    return file;
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const reasons: Record<string, string> = {
        ENOENT: "its folder does not exist",
        ENOSPC: "the disk is full",
        ENOTDIR: "what should be its folder is none",
        EACCES: "it, or its folder, may not be written",
        EROFS: "its disk may only be read",
      };
      const reason = reasons[code ?? ""] ?? message;
      throw new MediaError("OUTPUT_FAILED", `${this.#path} cannot be written: ${reason}`, { cause });
    }
  }
}
