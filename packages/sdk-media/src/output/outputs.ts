import { resolve } from "node:path";
import { MediaError } from "../errors.ts";
import type { SrtOptions } from "../live-options.ts";
import { isSrt } from "../srt/srt-address.ts";
import { EbuTtmlOutput } from "./ebu-ttml-output.ts";
import { JsonOutput } from "./json-output.ts";
import type { Output } from "./output.ts";
import { SrtSink } from "./srt-sink.ts";
import { SubripOutput } from "./subrip-output.ts";
import { WebvttOutput } from "./webvtt-output.ts";
import { XmlOutput } from "./xml-output.ts";

/**
 * What a job writes: files, given their names when it has ended, and SRT peers, which get each value as it comes. Each function
 * gives the same object for the same path, which by default is the job's `destination_path`.
 */
export class Outputs {
  readonly #destinationPath: string;
  readonly #outputs = new Map<string, Output<never>>();
  readonly #sinks = new Map<string, SrtSink>();
  readonly #srtOptions: SrtOptions & { readonly signal: AbortSignal };

  /** @internal A peer that is the destination is waited for at once. */
  constructor(destinationPath: string, srtOptions: SrtOptions & { readonly signal: AbortSignal }) {
    this.#destinationPath = destinationPath;
    this.#srtOptions = srtOptions;
    if (isSrt(destinationPath)) this.srt();
  }

  /**
   * The JSON file at a path, `{"frames":[…]}`; to an SRT peer each value by itself.
   *
   * @param path - Where the file shall be, or `srt://…`. @default the job's `destination_path`, where returns of handlers go too
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
   * The WebVTT file at a path; to an SRT peer each cue as it comes, before the first one `WEBVTT`.
   *
   * @param path - Where the file shall be, or `srt://…`. @default the job's `destination_path`
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
   * The SubRip file at a path; to an SRT peer each cue as it comes.
   *
   * @param path - Where the file shall be, or `srt://…`. @default the job's `destination_path`
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
   * The file of EBU-TTML documents at a path; to an SRT peer each document as it comes.
   *
   * @param path - Where the file shall be, or `srt://…`. @default the job's `destination_path`
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
   * The file of other XML documents at a path; to an SRT peer each document as it comes.
   *
   * @param path - Where the file shall be, or `srt://…`. @default the job's `destination_path`
   *
   * @example
   * ```ts
   * await job.output.xml("/out/report.xml").write("<report/>");
   * ```
   */
  xml(path?: string): XmlOutput {
    return this.#output(path, XmlOutput);
  }

  /**
   * An SRT peer that gets pieces as they come; the same object for the same address.
   *
   * @param address - `srt://host:port` to call the peer, `srt://:port` to be called. @default the job's `destination_path`
   * @throws {MediaError} `OUTPUT_FAILED` if it is no such address.
   * @throws {McaiError} `ENVIRONMENT_INVALID` if a variable of SRT is none that can be.
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

  /** Completes all files and disconnects from all peers; returns their paths. @internal */
  async complete(): Promise<string[]> {
    for (const output of this.#outputs.values()) await output.complete();
    await Promise.all([...this.#sinks.values()].map((sink) => sink.complete()));
    return [...new Set([...this.#outputs.values(), ...this.#sinks.values()].map(({ path }) => path))];
  }

  /** The paths of incomplete files. @internal */
  get partialPaths(): string[] {
    return [...this.#outputs.values()].flatMap(({ partialPath }) => partialPath ?? []);
  }

  /** Closes everything; files that are not complete keep their temporary names. @internal */
  async close(): Promise<void> {
    const all = [...this.#outputs.values(), ...this.#sinks.values()];
    await Promise.all(all.map((output) => output.close()));
  }

  #output<Kind extends Output<never>>(
    path = this.#destinationPath,
    Kind: new (path: string, peer: SrtSink | undefined) => Kind,
  ): Kind {
    const peer = isSrt(path) ? this.srt(path) : undefined;
    const key = peer ? path : resolve(path);
    const output = this.#outputs.get(key) ?? new Kind(path, peer);
    if (!(output instanceof Kind))
      throw new MediaError(
        "OUTPUT_FAILED",
        `${path} is written in another format already; give each a path of its own`,
      );
    this.#outputs.set(key, output);
    return output;
  }
}
