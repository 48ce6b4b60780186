import { resolve } from "node:path";
import { MediaError, mediaError } from "../errors.ts";
import { isSrt } from "../srt/srt-address.ts";
import type { SrtOptions } from "../srt/srt-options.ts";
import { EbuTtmlOutput } from "./ebu-ttml-output.ts";
import { JsonOutput } from "./json-output.ts";
import type { Output } from "./output.ts";
import { SrtSink } from "./srt-sink.ts";
import { SubripOutput } from "./subrip-output.ts";
import { WebvttOutput } from "./webvtt-output.ts";
import { XmlOutput } from "./xml-output.ts";

/**
 * The outputs of a job: files, which get their final names when the job has ended, and SRT peers, which receive each
 * value immediately. Each method returns the same object for the same path.
 */
export class Outputs {
  readonly #destinationPath: string;
  readonly #outputs = new Map<string, Output<never>>();
  readonly #sinks = new Map<string, SrtSink>();
  readonly #srtOptions: SrtOptions & { readonly signal: AbortSignal };

  /** Connects to the destination immediately if it is an SRT peer. @internal */
  constructor(destinationPath: string, srtOptions: SrtOptions & { readonly signal: AbortSignal }) {
    this.#destinationPath = destinationPath;
    this.#srtOptions = srtOptions;
    if (isSrt(destinationPath)) this.srt();
  }

  /**
   * Returns the JSON output for a path: a file `{"frames":[…]}`, or an SRT peer, which receives each value on its own.
   *
   * @param path - The path of the file, or `srt://…`. @default the job's `destination_path`, which also receives the
   *   results of handlers
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
   * Returns the WebVTT output for a path: a file, or an SRT peer, which receives `WEBVTT` before the first cue.
   *
   * @param path - The path of the file, or `srt://…`. @default the job's `destination_path`
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
   * Returns the SubRip output for a path: a file or an SRT peer.
   *
   * @param path - The path of the file, or `srt://…`. @default the job's `destination_path`
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
   * Returns the EBU-TTML output for a path: a file of documents, or an SRT peer.
   *
   * @param path - The path of the file, or `srt://…`. @default the job's `destination_path`
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
   * Returns the output for other XML documents for a path: a file of documents, or an SRT peer.
   *
   * @param path - The path of the file, or `srt://…`. @default the job's `destination_path`
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
   * Returns the SRT peer at an address, for data of any format.
   *
   * @param address - `srt://host:port` to call the peer, `srt://:port` to listen for it. @default the job's
   *   `destination_path`
   * @throws {@link MediaError} `OUTPUT_FAILED` if the address is invalid.
   * @throws {@link McaiError} `ENVIRONMENT_INVALID` if an SRT variable is invalid.
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
      throw mediaError(
        "OUTPUT_FAILED",
        `${path} is already written in another format; use a different path for each format`,
      );
    this.#outputs.set(key, output);
    return output;
  }
}
