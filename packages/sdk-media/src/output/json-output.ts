import { type FileHandle, open, rename, stat } from "node:fs/promises";
import { MediaError } from "../errors.ts";

/** How much is collected before it is written. */
const chunkCharacters = 64 * 1024;

/**
 * Writes values into `{"frames":[…]}`, one after another, so that memory does not grow with the media. Until the job has
 * ended the file has a temporary name, its own with `.part` behind it; a device or a pipe is written to as it is.
 *
 * @example
 * ```ts
 * const json = job.output.json();
 * await json.write({ timeMs: frame.timeMs, boxes });
 * ```
 */
export class JsonOutput {
  /** Where the file will be. */
  readonly path: string;
  readonly #partialPath: string;
  #file: Promise<FileHandle> | undefined;
  /** Whether there is a file under the temporary name. */
  #isPartial = false;
  #text = '{"frames":[';
  #count = 0;
  #last: Promise<void> = Promise.resolve();

  /** @internal */
  constructor(path: string) {
    this.path = path;
    this.#partialPath = `${path}.part`;
  }

  /** Where what was written stands, if anything was; undefined otherwise. */
  get partialPath(): string | undefined {
    return this.#isPartial ? this.#partialPath : undefined;
  }

  /**
   * Adds a value; resolves when it may be forgotten, in the order of the calls.
   *
   * @throws {MediaError} `OUTPUT_FAILED` if the folder is missing, the disk is full or the value is no JSON.
   */
  async write(value: unknown): Promise<void> {
    const text = this.#toText(value);
    this.#text += `${this.#count++ === 0 ? "" : ","}\n${text}`;
    if (this.#text.length < chunkCharacters && this.#file) return this.#last;
    return this.#flush();
  }

  /** Closes the list and gives the file its name. */
  async finish(): Promise<void> {
    this.#text += "\n]}\n";
    await this.#flush();
    const file = await this.#file;
    await this.#guard(async () => {
      await file?.close();
      if (!this.#isPartial) return;
      await rename(this.#partialPath, this.path);
      this.#isPartial = false;
    });
  }

  /** Leaves what was written under its temporary name. */
  async abandon(): Promise<void> {
    if (this.#file) await this.#flush().catch(() => undefined);
    const file = await this.#file?.catch(() => undefined);
    await file?.close();
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
    const there = await stat(this.path).catch(() => undefined);
    if (there?.isDirectory()) throw new Error("it is a folder; expected the path of a file");
    if (there && !there.isFile()) return open(this.path, "w");
    const file = await open(this.#partialPath, "w");
    this.#isPartial = true;
    return file;
  }

  #toText(value: unknown): string {
    try {
      const text = JSON.stringify(value) as string | undefined;
      if (text !== undefined) return text;
    } catch (cause) {
      throw new MediaError("OUTPUT_FAILED", `${this.path}: what was given is no JSON: ${messageOf(cause)}`, { cause });
    }
    const expected = "write an object, a list, a number or a text";
    throw new MediaError("OUTPUT_FAILED", `${this.path}: a ${typeof value} is no JSON value; ${expected}`);
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      const reasons: Record<string, string> = {
        ENOENT: "its folder does not exist",
        ENOSPC: "the disk is full",
        ENOTDIR: "what should be its folder is none",
        EACCES: "it, or its folder, may not be written",
        EROFS: "its disk may only be read",
      };
      const reason = reasons[code ?? ""] ?? messageOf(cause);
      throw new MediaError("OUTPUT_FAILED", `${this.path} cannot be written: ${reason}`, { cause });
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
