import { resolve } from "node:path";
import { MediaError } from "../errors.ts";
import { JsonOutput } from "./json-output.ts";

/** The files that a job writes: given their names when it has ended. */
export class Outputs {
  readonly #destinationPath: string;
  readonly #outputs = new Map<string, JsonOutput>();

  /** @internal */
  constructor(destinationPath: string) {
    this.#destinationPath = destinationPath;
  }

  /**
   * The JSON file at a path, `{"frames":[…]}`; the same object for the same path.
   *
   * @param path - Where the file shall be. @default the job's `destination_path`, where returns of handlers go too
   *
   * @example
   * ```ts
   * await job.output.json().write({ timeMs: 40, label: "cat" });
   * ```
   */
  json(path: string = this.#destinationPath): JsonOutput {
    if (/^[a-z]+:\/\//i.test(path))
      throw new MediaError("OUTPUT_FAILED", `${path}: only files can be written by this version`);
    const key = resolve(path);
    const output = this.#outputs.get(key) ?? new JsonOutput(path);
    this.#outputs.set(key, output);
    return output;
  }

  /** @internal Closes and names all files; gives their paths. */
  async finish(): Promise<string[]> {
    for (const output of this.#outputs.values()) await output.finish();
    return [...this.#outputs.values()].map(({ path }) => path);
  }

  /** @internal Where unfinished files are. */
  get partialPaths(): string[] {
    return [...this.#outputs.values()].flatMap(({ partialPath }) => partialPath ?? []);
  }

  /** @internal Leaves all files under their temporary names. */
  async abandon(): Promise<void> {
    await Promise.all([...this.#outputs.values()].map((output) => output.abandon()));
  }
}
