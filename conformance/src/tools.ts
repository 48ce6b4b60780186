import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cache } from "./paths.ts";

/** A required program is not installed and cannot be installed. Outside CI, the tests that need it are skipped. */
export class ToolMissing extends Error {}

/** Returns the Python of a virtual environment with these packages, which is created if it does not exist. */
export function ensurePython(name: string, packages: readonly string[]): string {
  const folder = join(cache, "python", name);
  const python = join(folder, "bin", "python");
  const stamp = join(folder, `${packages.join(" ").replace(/[^\w.=-]/g, "_")}.done`);
  if (existsSync(stamp)) return python;
  // The reference's wheels are for Python 3.11.
  const base = ["python3.11", "python3"].find((one) => canRun(one, "--version"));
  if (base === undefined) throw new ToolMissing("python3 is needed");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run(base, ["-m", "venv", folder]);
  run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
  writeFileSync(stamp, "");
  return python;
}

/** Checks for the broker, and for ffmpeg if needed, and installs the packages of Debian if possible. */
export function ensurePrograms(needsFFmpeg: boolean): void {
  const needed = ["rabbitmq-server", ...(needsFFmpeg ? ["ffmpeg"] : [])].filter((name) => !isInstalled(name));
  if (needed.length === 0) return;
  if (process.getuid?.() === 0 && canRun("apt-get", "--version")) {
    console.warn(`Installing ${needed.join(", ")}.`);
    spawnSync("apt-get", ["-q", "update"], { stdio: "ignore" });
    spawnSync("apt-get", ["-q", "-y", "install", "--no-install-recommends", ...needed], { stdio: "ignore" });
  }
  const missing = needed.filter((name) => !isInstalled(name));
  if (missing.length > 0) throw new ToolMissing(`${missing.join(" and ")} must be installed`);
}

function isInstalled(name: string): boolean {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/lib/rabbitmq/bin"];
  return folders.some((folder) => existsSync(join(folder, name)));
}

function canRun(program: string, argument: string): boolean {
  return spawnSync(program, [argument]).status === 0;
}

function run(program: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0) throw new ToolMissing(`${program} ${args.join(" ")}: ${stderr.trim().split("\n").at(-1)}`);
}
