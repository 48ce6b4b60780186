import { MediaError } from "../errors.ts";
import { Output } from "./output.ts";
import type { SrtSink } from "./srt-sink.ts";

/**
 * Writes documents of XML one behind the other, each beginning a line; they are not checked.
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
    throw new MediaError("OUTPUT_FAILED", `${this.path}: expected a text of XML, got ${JSON.stringify(xml)}`);
  }
}
