import type { Outputs } from "../output/outputs.ts";
import type { Log } from "./log.ts";

/** Logs what was dropped from the outputs of this thread, once their readers are back. */
export function sayDropped(outputs: Outputs, log: Log): void {
  for (const [output, name] of [
    [outputs.stdout, "standard output"],
    [outputs.stderr, "standard error"],
    [outputs.file, "FILE_LOGGING"],
  ] as const)
    if (output)
      output.onDropped = ({ lines, sizeBytes }) =>
        log.warn(`${lines} lines (${sizeBytes} bytes) of ${name} were dropped, because nothing read them.`);
}
