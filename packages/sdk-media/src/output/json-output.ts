import { mediaError } from "../errors.ts";
import { Output } from "./output.ts";
import type { SrtSink } from "./srt-sink.ts";

/**
 * Writes values as JSON into `{"frames":[…]}`. An SRT peer receives each value on its own.
 *
 * @example
 * ```ts
 * const json = job.output.json();
 * await json.write({ timeMs: frame.timeMs, boxes });
 * ```
 */
export class JsonOutput extends Output<unknown> {
  /** @internal */
  constructor(path: string, peer?: SrtSink) {
    super(path, { head: '{"frames":[\n', separator: ",\n", tail: "\n]}\n" }, peer);
  }

  /** @internal */
  protected toPiece(value: unknown): string {
    try {
      const text = JSON.stringify(value) as string | undefined;
      if (text !== undefined) return text;
    } catch (cause) {
      throw mediaError("OUTPUT_FAILED", `${this.path}: the value cannot be converted to JSON: ${messageOf(cause)}`, {
        cause,
      });
    }
    const expected = "write an object, an array, a number or a string";
    throw mediaError(
      "OUTPUT_FAILED",
      `${this.path}: a value of type ${typeof value} cannot be written as JSON; ${expected}`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
