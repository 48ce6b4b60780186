import { resolve } from "node:path";
import { MediaError } from "../errors.ts";
import type { SrtOptions } from "../live-options.ts";
import { isSrt } from "../srt/srt-address.ts";
import { JsonOutput } from "./json-output.ts";
import { SrtSink } from "./srt-sink.ts";

/** The files that a job writes: given their names when it has ended. */
export class Outputs {
  readonly #destinationPath: string;
  readonly #outputs = new Map<string, JsonOutput>();
  readonly #sinks = new Map<string, SrtSink>();
  readonly #srtOptions: SrtOptions & { readonly signal: AbortSignal };

  /** @internal A peer that is the destination is waited for at once. */
  constructor(destinationPath: string, srtOptions: SrtOptions & { readonly signal: AbortSignal }) {
    this.#destinationPath = destinationPath;
    this.#srtOptions = srtOptions;
    if (isSrt(destinationPath)) this.srt();
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
      throw new MediaError(
        "OUTPUT_FAILED",
        `${path}: JSON is written to files only; job.output.srt sends to an SRT peer`,
      );
    const key = resolve(path);
    const output = this.#outputs.get(key) ?? new JsonOutput(path);
    this.#outputs.set(key, output);
    return output;
  }

  /**
   * An SRT peer that gets pieces as they come; the same object for the same address.
   *
   * @param address - `srt://host:port` to call the peer, `srt://:port` to be called. @default the job's `destination_path`
   * @throws {MediaError} `OUTPUT_FAILED` if it is no such address.
   *
   * @example
   * ```ts
   * await job.output.srt().write(document);
   * ```
   */
  srt(address: string = this.#destinationPath): SrtSink {
    const sink = this.#sinks.get(address) ?? new SrtSink(address, this.#srtOptions);
    this.#sinks.set(address, sink);
    return sink;
  }

  /** @internal Closes and names all files; gives their paths. */
  async finish(): Promise<string[]> {
    for (const output of this.#outputs.values()) await output.finish();
    await Promise.all([...this.#sinks.values()].map((sink) => sink.finish()));
    return [...this.#outputs.values(), ...this.#sinks.values()].map(({ path }) => path);
  }

  /** @internal Where unfinished files are. */
  get partialPaths(): string[] {
    return [...this.#outputs.values()].flatMap(({ partialPath }) => partialPath ?? []);
  }

  /** @internal Leaves all files under their temporary names. */
  async abandon(): Promise<void> {
    const all = [...this.#outputs.values(), ...this.#sinks.values()];
    await Promise.all(all.map((output) => output.abandon()));
  }
}
