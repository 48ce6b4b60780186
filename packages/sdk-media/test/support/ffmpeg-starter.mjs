// Starts ffmpeg for srt-peer.ts, whose process uses SRT and must not fork, because it might hang.
import { spawn } from "node:child_process";

/** @type {Map<number, import("node:child_process").ChildProcessByStdio<import("node:stream").Writable, import("node:stream").Readable, null>>} */
const running = new Map();

/** @typedef {{ id: number, parameters?: string[], text?: string | null, isKilled?: boolean }} Request */

process.on("message", (message) => {
  const { id, parameters, text, isKilled } = /** @type {Request} */ (message);
  if (parameters) start(id, parameters);
  else if (isKilled) running.get(id)?.kill("SIGKILL");
  else if (text === null) running.get(id)?.stdin.end();
  else if (text !== undefined) running.get(id)?.stdin.write(text);
});

/**
 * @param {number} id
 * @param {string[]} parameters
 */
function start(id, parameters) {
  const child = spawn("ffmpeg", parameters, { stdio: ["pipe", "pipe", "ignore"] });
  running.set(id, child);
  child.stdout.setEncoding("utf8").on("data", (text) => process.send?.({ id, text }));
  // A killed command no longer reads; the test that wrote to it is notified by its exit.
  child.stdin.on("error", () => undefined);
  child.on("close", (code) => {
    running.delete(id);
    process.send?.({ id, code });
  });
}

process.on("disconnect", () => {
  for (const child of running.values()) child.kill("SIGKILL");
});
