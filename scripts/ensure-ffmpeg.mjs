import { spawnSync } from "node:child_process";

/**
 * Looks for the ffmpeg command, and installs Debian's where that can be done. Without it a desk goes on, and is told so;
 * under CI it is an error.
 */
export function ensureFFmpeg() {
  const has = () => ["ffmpeg", "ffprobe"].every((name) => spawnSync(name, ["-version"]).status === 0);
  if (has()) return true;
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    console.warn("Installing ffmpeg, which the tests of the media package compare with.");
    spawnSync("apt-get", ["-q", "update"], { stdio: "ignore" });
    spawnSync("apt-get", ["-q", "-y", "install", "--no-install-recommends", "ffmpeg"], { stdio: "ignore" });
    if (has()) return true;
  }
  const message =
    "The tests that compare with ffmpeg and ffprobe need both on the PATH (Debian: apt-get install ffmpeg).";
  if (process.env.CI) throw new Error(message);
  console.warn(`Left out: ${message}`);
  return false;
}
