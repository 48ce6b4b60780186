import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";

/** How much of a worker's output is kept. */
const maxLogCharacters = 50_000_000;
/** How long a worker may take to exit: more than all of its own limits together. */
const maxExitMs = 120_000;

/** Makes a folder outside the workspace with the suite's worker, where the built package is installed. */
export async function openWorkersFolder() {
  const path = await mkdtemp(join(tmpdir(), "mcai-chaos-"));
  await cp(join(import.meta.dirname, "workers"), path, { recursive: true });
  await mkdir(join(path, "node_modules", "@mcai"), { recursive: true });
  const installed = join(path, "node_modules", "@mcai", "worker-sdk");
  await symlink(join(import.meta.dirname, "..", "packages", "sdk"), installed, "junction");
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A worker's process. */
export class WorkerProcess {
  #child;
  #changed = new EventTarget();
  /** @type {NodeJS.Timeout | undefined} */
  #hanging;
  /** What it wrote to stderr, of the last part of it. */
  log = "";
  /**
   * Resolves with the exit code as in a shell: 128 and its number for a signal.
   * @type {Promise<number>}
   */
  ended;

  /**
   * @param {{ path: string }} folder
   * @param {NodeJS.ProcessEnv} env
   * @param {{ readsLog?: boolean }} [options] `readsLog`: false if nobody reads what it writes to stderr
   */
  constructor(folder, env, { readsLog = true } = {}) {
    this.#child = spawn(process.execPath, ["main.mjs"], {
      cwd: folder.path,
      env: { PATH: process.env.PATH, NO_COLOR: "1", ...env },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.pid = this.#child.pid;
    const readLog = () =>
      this.#child.stderr.setEncoding("utf8").on("data", (text) => {
        this.log += text;
        // Not at each chunk: that would copy all of it.
        if (this.log.length > 2 * maxLogCharacters) this.log = this.log.slice(-maxLogCharacters);
        this.#changed.dispatchEvent(new Event("output"));
      });
    if (readsLog) readLog();
    else this.#child.on("exit", readLog);
    this.isRunning = true;
    this.ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => {
        this.isRunning = false;
        clearTimeout(this.#hanging);
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
      });
    });
  }

  /**
   * Resolves when a pattern stands in its log, from a position on; rejects if it ended or time passed without.
   * @param {RegExp} pattern
   * @param {{ from?: number, timeoutMs?: number }} [options]
   */
  async logged(pattern, { from = 0, timeoutMs = 30_000 } = {}) {
    const look = () => pattern.test(this.log.slice(from));
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    /** @type {Promise<unknown>} */
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, timeoutMs, `${timeoutMs} ms passed`);
    });
    const ended = this.ended.then((code) => `it ended (${code})`);
    try {
      for (;;) {
        if (look()) return;
        const output = new Promise((resolve) => this.#changed.addEventListener("output", resolve, { once: true }));
        const why = await Promise.race([output, late, ended]);
        if (typeof why === "string" && !look())
          throw new Error(`worker ${this.pid}: ${why} without ${pattern} in its log:\n${this.log.slice(-4000)}`);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Sends a signal. A worker that does not exit after SIGTERM is killed in the end: its exit code is 137 then.
   * @param {NodeJS.Signals} name
   */
  signal(name) {
    if (!this.isRunning) return;
    this.#child.kill(name);
    if (name === "SIGTERM") this.#hanging ??= setTimeout(() => this.kill(), maxExitMs);
  }

  /** Ends it, whatever it does, and resolves when it is gone. */
  async kill() {
    this.signal("SIGKILL");
    return this.ended;
  }
}
