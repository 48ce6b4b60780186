import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { MediaError, mediaError } from "../errors.ts";

/** The length of text that is buffered before it is written. */
const chunkCharacters = 64 * 1024;

/** The text around the pieces of a file; each piece is one complete value. */
export interface Framing {
  /** Before the first piece; also written if there are no pieces. */
  readonly head: string;
  /** Between two pieces. */
  readonly separator: string;
  /** After the last piece. */
  readonly tail: string;
}

/**
 * Writes pieces to a file. Until the file is complete, its name has the suffix `.part`; devices and pipes are written
 * to directly.
 */
export class FileSink {
  readonly #path: string;
  readonly #framing: Framing;
  #file: Promise<FileHandle> | undefined;
  /** Whether a file with the temporary name exists. */
  #isPartial = false;
  #text: string;
  #count = 0;
  #last: Promise<void> = Promise.resolve();

  /** Does not open the file before the first piece. @throws {@link MediaError} `OUTPUT_FAILED` if the path is a URL. */
  constructor(path: string, framing: Framing) {
    if (/^[a-z]+:\/\//i.test(path))
      throw mediaError("OUTPUT_FAILED", `${path}: only files and srt:// addresses can be written to`);
    this.#path = path;
    this.#framing = framing;
    this.#text = framing.head;
  }

  get partialPath(): string | undefined {
    return this.#isPartial ? this.#temporaryPath : undefined;
  }

  write(piece: string): Promise<void> {
    this.#text += this.#count++ === 0 ? piece : this.#framing.separator + piece;
    // The first piece is written immediately, so that a missing folder is detected before the work is done.
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

  // Devices and pipes cannot be renamed, and a temporary file may not be allowed next to them.
  async #open(): Promise<FileHandle> {
    const existing = await stat(this.#path).catch(() => undefined);
    if (existing?.isDirectory()) throw new Error("it is a folder; expected the path of a file");
    if (existing && !existing.isFile()) return open(this.#path, "w");
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
        ENOTDIR: "a part of its path is not a folder",
        EACCES: "permission denied on it or on its folder",
        EROFS: "its file system is read-only",
      };
      const reason = reasons[code ?? ""] ?? message;
      throw mediaError("OUTPUT_FAILED", `${this.#path} cannot be written: ${reason}`, { cause });
    }
  }
}
