import { MediaError } from "../errors.ts";
import { FileSink } from "./file-sink.ts";
import type { Framing, Sink } from "./sink.ts";

/** What writes to a path; nothing is opened before the first piece. @throws {MediaError} `OUTPUT_FAILED` for what is no file. */
export function openSink(path: string, framing: Framing): Sink {
  if (/^[a-z]+:\/\//i.test(path))
    throw new MediaError("OUTPUT_FAILED", `${path}: only files can be written by this version`);
  return new FileSink(path, framing);
}
