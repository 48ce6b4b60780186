import { spawnSync } from "node:child_process";

/**
 * Looks for the ffmpeg command, and installs Debian's package if it can. Returns false without it; under CI that is an
 * error.
 */
export function ensureFFmpeg() {
  const has = () => ["ffmpeg", "ffprobe"].every((name) => spawnSync(name, ["-version"]).status === 0);
  if (has()) return true;
  if (process.getuid?.() === 0 && spawnSync("apt-get", ["--version"]).status === 0) {
    console.warn("Installing ffmpeg, which the tests of the media package need.");
    spawnSync("apt-get", ["-q", "update"], { stdio: "ignore" });
    spawnSync("apt-get", ["-q", "-y", "install", "--no-install-recommends", "ffmpeg"], { stdio: "ignore" });
    if (has()) return true;
  }
  const message =
    "The tests that compare with ffmpeg and ffprobe need both on the PATH (Debian: apt-get install ffmpeg).";
  if (process.env.CI) throw new Error(message);
  console.warn(`Skipped: ${message}`);
  return false;
}
