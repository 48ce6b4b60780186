import { execFileSync } from "node:child_process";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

let count = 0;

/**
 * A pipe, as a shell makes it. Node gives sockets to its children instead.
 * @returns {{ readable: Socket, fd: number, release: () => void }} `fd` is for a process; `release` closes it here
 */
export function openPipe() {
  const path = join(tmpdir(), `mcai-pipe-${process.pid}-${++count}`);
  execFileSync("mkfifo", [path]);
  const readable = new Socket({
    fd: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK),
    readable: true,
    writable: false,
  });
  const fd = openSync(path, constants.O_WRONLY);
  rmSync(path);
  readable.on("error", () => undefined);
  return { readable, fd, release: () => closeSync(fd) };
}

/**
 * Reads all that comes until the end.
 * @param {import("node:stream").Readable} readable
 * @returns {Promise<string>}
 */
export async function readToEnd(readable) {
  let text = "";
  for await (const chunk of readable.setEncoding("utf8")) text += chunk;
  return text;
}
