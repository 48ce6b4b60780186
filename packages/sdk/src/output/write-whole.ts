import { writeSync } from "node:fs";
import { awaitUntil } from "./patience.ts";

/** Writes all of a text to standard output, however long its reader takes. Ends early if the reader has gone. */
export function writeWhole(text: string): void {
  let rest = Buffer.from(text);
  const writeSome = () => {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EPIPE") rest = rest.subarray(rest.length);
      // Another process that has this pipe may have made it non-blocking.
      else if (code !== "EAGAIN") throw error;
    }
    return rest.length === 0;
  };
  awaitUntil(Number.POSITIVE_INFINITY, writeSome);
}
