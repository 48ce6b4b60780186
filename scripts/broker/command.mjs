import { spawn } from "node:child_process";

/**
 * Runs a program to its end and returns what it wrote to standard output. Its standard error goes to the caller's.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {import("node:child_process").SpawnOptions & { quiet?: boolean }} [options] `quiet`: keeps standard error, for the
 *   message of a failure
 * @returns {Promise<string>}
 * @throws Error that names the program and says how it ended, with the last lines of a quiet one's standard error
 */
export async function run(file, args, { quiet = false, ...options } = {}) {
  const child = spawn(file, args, { ...options, stdio: ["ignore", "pipe", quiet ? "pipe" : "inherit"] });
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    stderr += text;
  });
  const ending = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(signal ?? code));
  });
  if (ending === 0) return stdout;
  const lines = (stderr || stdout).trim().split("\n").slice(-40).join("\n");
  throw new Error(`${file} ${args.slice(0, 3).join(" ")} ended with ${ending}${lines ? `: ${lines}` : ""}`);
}

/**
 * The message of what was thrown.
 * @param {unknown} error
 */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
