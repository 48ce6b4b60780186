import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { devEngines } = JSON.parse(readFileSync(join(import.meta.dirname, "..", "package.json"), "utf8"));
const pnpm = ["-y", `pnpm@${devEngines.packageManager.version}`];

/**
 * Whether an example is a project of its own, outside the workspace, because its dependencies are too large to install
 * for everyone.
 * @param {string} folder
 */
export function isApart(folder) {
  return existsSync(join(folder, "pnpm-workspace.yaml"));
}

/**
 * Installs the dependencies of such an example and runs these scripts of it. Returns the exit code of the first that
 * failed, or 0.
 * @param {string} folder
 * @param {string[]} scripts
 * @returns {Promise<number>}
 */
export async function buildApart(folder, ...scripts) {
  let code = await runPnpm(folder, "install", "--frozen-lockfile");
  for (const script of scripts) code ||= await runPnpm(folder, "run", script);
  return code;
}

/**
 * Standard output belongs to the caller.
 * @param {string} cwd
 * @param {string[]} args
 * @returns {Promise<number>}
 */
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
