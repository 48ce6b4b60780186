import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { devEngines } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"));
const pnpm = ["-y", `pnpm@${devEngines.packageManager.version}`];

/**
 * Whether an example is a project of its own and no part of the workspace, because what it depends on is too large for
 * everybody to install.
 */
export function isApart(folder) {
  return existsSync(join(folder, "pnpm-workspace.yaml"));
}

/** Installs what such an example depends on, runs these scripts of it, and gives the exit code of what failed, or 0. */
export async function buildApart(folder, ...scripts) {
  let code = await runPnpm(folder, "install", "--frozen-lockfile");
  for (const script of scripts) code ||= await runPnpm(folder, "run", script);
  return code;
}

// Standard output belongs to the caller.
function runPnpm(cwd, ...args) {
  const child = spawn("npx", [...pnpm, "--silent", ...args], {
    cwd,
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32",
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => resolve(code ?? 1));
  });
}
