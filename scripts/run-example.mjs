import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import { buildApart, isApart } from "./build-apart.mjs";

export const root = join(import.meta.dirname, "..");

/**
 * Builds the example and what it needs, runs it with these variables, and returns its exit code.
 * @param {string} name
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>}
 */
export async function runExample(name, env) {
  const folder = join(root, "examples", name);
  if (!existsSync(join(folder, "package.json"))) {
    const names = existsSync(join(root, "examples")) ? readdirSync(join(root, "examples")) : [];
    console.error(`There is no example "${name}". There are: ${names.join(", ") || "none"}.`);
    return 2;
  }
  const code = isApart(folder)
    ? build("packages/*") || (await buildApart(folder, "build"))
    : build(`examples/${name}...`);
  return code || (await run(join(folder, "dist", "main.js"), env));
}

/**
 * Standard output belongs to the example alone.
 * @param {string} what
 */
function build(what) {
  const turbo = createRequire(import.meta.url).resolve("turbo/bin/turbo");
  const { status } = spawnSync(process.execPath, [turbo, "run", "build", `--filter=./${what}`], {
    cwd: root,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" },
    stdio: ["ignore", 2, 2],
  });
  return status ?? 1;
}

/**
 * The child has a process group of its own: on Ctrl-C the terminal signals the whole group, and so may pnpm, but a worker
 * counts its signals (the second one ends it at once), so it must get each exactly once.
 * @param {string} main
 * @param {NodeJS.ProcessEnv} env
 * @returns {Promise<number>}
 */
function run(main, env) {
  const child = spawn(process.execPath, [main], { env, stdio: "inherit", detached: process.platform !== "win32" });
  /** @type {Partial<Record<NodeJS.Signals, number>>} */
  const last = {};
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      const now = performance.now();
      if (now - (last[signal] ?? -Infinity) > 50) child.kill(signal);
      last[signal] = now;
    });
  }
  return new Promise((resolve) => {
    child.on("error", (error) => {
      console.error(error.message);
      resolve(1);
    });
    child.on("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
