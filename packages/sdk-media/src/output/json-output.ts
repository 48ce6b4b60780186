import { type FileHandle, open, rename } from "node:fs/promises";
import { MediaError } from "../errors.ts";

/** How much is collected before it is written. */
const chunkCharacters = 64 * 1024;

/**
 * Writes values into `{"frames":[…]}`, one after another, so that memory does not grow with the media. Until the job has
 * ended the file has a temporary name, its own with `.part` behind it.
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
    return this.#file && this.#partialPath;
  }

  /**
   * Adds a value; resolves when it may be forgotten, in the order of the calls.
   *
   * @throws {MediaError} `OUTPUT_FAILED` if the folder is missing, the disk is full or the value is no JSON.
   */
  write(value: unknown): Promise<void> {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined)
      throw new MediaError(
        "OUTPUT_FAILED",
        `${this.path}: a ${typeof value} is no JSON value; write an object, a list, a number or a text`,
      );
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
      await rename(this.#partialPath, this.path);
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
        this.#file ??= open(this.#partialPath, "w");
        await (await this.#file).writeFile(text);
      }),
    );
    return this.#last;
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      const { code, message } = cause as NodeJS.ErrnoException;
      const reasons: Record<string, string> = {
        ENOENT: "its folder does not exist",
        ENOSPC: "the disk is full",
        EACCES: "its folder may not be written",
      };
      throw new MediaError("OUTPUT_FAILED", `${this.path} cannot be written: ${reasons[code ?? ""] ?? message}`, {
        cause,
      });
    }
  }
}
