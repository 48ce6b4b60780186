import { mediaError } from "../errors.ts";
import { Output } from "./output.ts";
import type { SrtSink } from "./srt-sink.ts";

/**
 * Writes XML documents one after another, each on a new line. The documents are not validated.
 *
 * @example
 * ```ts
 * await job.output.xml("/out/report.xml").write("<report/>");
 * ```
 */
export class XmlOutput extends Output<string> {
  /** @internal */
  constructor(path: string, peer?: SrtSink) {
    super(path, { head: "", separator: "\n", tail: "\n" }, peer);
  }

  /** @internal */
  protected toPiece(xml: string): string {
    if (typeof xml === "string" && xml.trim() !== "") return xml.trim();
    throw mediaError("OUTPUT_FAILED", `${this.path}: expected a string of XML, got ${JSON.stringify(xml)}`);
  }
}
