import { resolve } from "node:path";
import { MediaError } from "../errors.ts";
import { EbuTtmlOutput } from "./ebu-ttml-output.ts";
import { JsonOutput } from "./json-output.ts";
import type { Output } from "./output.ts";
import { SubripOutput } from "./subrip-output.ts";
import { WebvttOutput } from "./webvtt-output.ts";
import { XmlOutput } from "./xml-output.ts";

/**
 * The files that a job writes: given their names when it has ended. Each function gives the same object for the same path,
 * which by default is the job's `destination_path`.
 */
export class Outputs {
  readonly #destinationPath: string;
  readonly #outputs = new Map<string, Output<never>>();

  /** @internal */
  constructor(destinationPath: string) {
    this.#destinationPath = destinationPath;
  }

  /**
   * The JSON file at a path, `{"frames":[…]}`.
   *
   * @param path - Where the file shall be. @default the job's `destination_path`, where returns of handlers go too
   *
   * @example
   * ```ts
   * await job.output.json().write({ timeMs: 40, label: "cat" });
   * ```
   */
  json(path?: string): JsonOutput {
    return this.#output(path, JsonOutput);
  }

  /**
   * The WebVTT file at a path.
   *
   * @param path - Where the file shall be. @default the job's `destination_path`
   *
   * @example
   * ```ts
   * await job.output.webvtt("/out/fr.vtt").write({ startMs: 1000, endMs: 2500, text: "Bonjour" });
   * ```
   */
  webvtt(path?: string): WebvttOutput {
    return this.#output(path, WebvttOutput);
  }

  /**
   * The SubRip file at a path.
   *
   * @param path - Where the file shall be. @default the job's `destination_path`
   *
   * @example
   * ```ts
   * await job.output.subrip("/out/fr.srt").write({ startMs: 1000, endMs: 2500, text: "Bonjour" });
   * ```
   */
  subrip(path?: string): SubripOutput {
    return this.#output(path, SubripOutput);
  }

  /**
   * The file of EBU-TTML documents at a path.
   *
   * @param path - Where the file shall be. @default the job's `destination_path`
   *
   * @example
   * ```ts
   * await job.output.ebuTtml().write(document.with({ language: "de" }));
   * ```
   */
  ebuTtml(path?: string): EbuTtmlOutput {
    return this.#output(path, EbuTtmlOutput);
  }

  /**
   * The file of other XML documents at a path.
   *
   * @param path - Where the file shall be. @default the job's `destination_path`
   *
   * @example
   * ```ts
   * await job.output.xml("/out/report.xml").write("<report/>");
   * ```
   */
  xml(path?: string): XmlOutput {
    return this.#output(path, XmlOutput);
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

  #output<Kind extends Output<never>>(path = this.#destinationPath, Kind: new (path: string) => Kind): Kind {
    const key = resolve(path);
    const output = this.#outputs.get(key) ?? new Kind(path);
    if (!(output instanceof Kind))
      throw new MediaError(
        "OUTPUT_FAILED",
        `${path} is written in another format already; give each a path of its own`,
      );
    this.#outputs.set(key, output);
    return output;
  }
}
