// Starts ffmpeg for srt-peer.ts, whose process uses SRT and must not fork: it might hang for ever.
import { spawn } from "node:child_process";

const running = new Map();

process.on("message", ({ id, parameters, text, isKilled }) => {
  if (parameters) start(id, parameters);
  else if (isKilled) running.get(id)?.kill("SIGKILL");
  else if (text === null) running.get(id)?.stdin.end();
  else running.get(id)?.stdin.write(text);
});

function start(id, parameters) {
  const child = spawn("ffmpeg", parameters, { stdio: ["pipe", "pipe", "ignore"] });
  running.set(id, child);
  child.stdout.setEncoding("utf8").on("data", (text) => process.send({ id, text }));
  // A command that was killed reads no more; the test that wrote to it is told by its end.
  child.stdin.on("error", () => undefined);
  child.on("close", (code) => {
    running.delete(id);
    process.send({ id, code });
  });
}

process.on("disconnect", () => {
  for (const child of running.values()) child.kill("SIGKILL");
});
