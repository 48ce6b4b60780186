import { Writable } from "node:stream";
import { isMainThread } from "node:worker_threads";
import type { Output } from "./output.ts";

/**
 * Makes `process.stdout`, `process.stderr` and `console` of this thread write to the outputs. Node's own streams would wait
 * for the reader, or pass through the other thread, or end the process when the reader has gone.
 */
export function redirectStandardStreams(stdout: Output, stderr: Output): void {
  const streams = isMainThread
    ? { _stdout: replaceStream("stdout", 1, stdout), _stderr: replaceStream("stderr", 2, stderr) }
    : { _stdout: redirectStream(process.stdout, stdout), _stderr: redirectStream(process.stderr, stderr) };
  // The console keeps the streams of its first use, which may have come before.
  Object.assign(console, streams);
}

// Node's own stream is not touched: creating it makes a pipe non-blocking for everybody who has it.
function replaceStream(name: "stdout" | "stderr", fd: 1 | 2, output: Output): Writable {
  const stream = redirectStream(new Writable({ decodeStrings: false, autoDestroy: false }), output);
  Object.assign(stream, { fd, destroy: () => stream });
  if (process.getBuiltinModule("node:tty").isatty(fd)) Object.assign(stream, { isTTY: true });
  Object.defineProperty(process, name, { configurable: true, enumerable: true, get: () => stream });
  return stream;
}

// Node calls methods of its own on the streams of a thread. They stay, and only their writing is replaced.
function redirectStream(stream: Writable, output: Output): Writable {
  const write = (chunk: string | Uint8Array, encoding: BufferEncoding, done: () => void) => {
    output.write(typeof chunk === "string" && !/^utf-?8$/.test(encoding) ? Buffer.from(chunk, encoding) : chunk);
    done();
  };
  Object.assign(stream, { _write: write, _writev: null });
  // A write after the end must not end the process.
  return stream.on("error", () => undefined);
}
