import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const packageFolder = join(import.meta.dirname, "../..");

/** A folder outside the workspace with the workers of `test/workers`, where the built package is installed. */
export interface WorkersFolder {
  readonly path: string;
  /** Writes a file and gives its path; folders in its name are made. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  remove(): Promise<void>;
}

/** Makes a folder to run workers in. */
export async function openWorkersFolder(): Promise<WorkersFolder> {
  // A name that is another one as a URL.
  const path = await mkdtemp(join(tmpdir(), "mcai local é#%-"));
  await cp(join(import.meta.dirname, "workers"), path, { recursive: true });
  await mkdir(join(path, "node_modules", "@mcai"), { recursive: true });
  await symlink(packageFolder, join(path, "node_modules", "@mcai", "worker-sdk"), "junction");
  return {
    path,
    async write(name, content) {
      const file = join(path, name);
      await mkdir(join(file, ".."), { recursive: true });
      await writeFile(file, content);
      return file;
    },
    remove: () => rm(path, { recursive: true }),
  };
}

/** An order, or the bytes of a file that may be none. */
type OrderFile = object | string | Uint8Array;

let fileCount = 0;

/** Writes orders to files of their own and gives the value of SOURCE_ORDERS. */
export async function writeOrders(folder: WorkersFolder, orders: readonly OrderFile[]): Promise<string> {
  const files = orders.map((order) => {
    const content = typeof order === "string" || order instanceof Uint8Array ? order : JSON.stringify(order);
    return folder.write(join("orders", `${++fileCount}.json`), content);
  });
  return (await Promise.all(files)).join(delimiter);
}

/** A bare job with parameters of these values. */
export function job(jobId: number, values: Readonly<Record<string, string | number>> = {}) {
  const parameters = Object.entries(values).map(([id, value]) => ({
    id,
    type: typeof value === "number" ? "integer" : "string",
    value,
  }));
  return { job_id: jobId, parameters };
}

/** One line of the log. */
interface LogLine {
  readonly time: string;
  readonly instanceId: string;
  readonly queue: string;
  readonly jobId: number;
  readonly level: string;
  readonly text: string;
}

/** A process that has ended. */
export interface Ended {
  /** As a shell says it: 128 and its number for a signal. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of the log; what stands between two of them belongs to the text of the first. */
  readonly log: readonly LogLine[];
  /** The responses, by their tags: `Completed`, `Error`, `Stopped`, `Feedback`, `WorkerStarted` and so on. */
  responses(tag: string): ResponseBody[];
}

/** What a test reads of a response. */
interface ResponseBody {
  readonly job_id: number;
  readonly status: string;
  readonly progression: number;
  readonly destination_paths: readonly string[];
  readonly parameters: readonly { readonly id: string; readonly value: unknown }[];
}

/** What to run. */
interface LocalRunOptions {
  /** The address of the worker's module, relative to the folder. @default "./actions.mjs" */
  readonly worker?: string;
  /** @default main.mjs of the folder */
  readonly main?: string;
  /** Beside the search path, nothing of the caller's environment is there. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A worker's process. */
export class LocalRun {
  readonly #child: ChildProcess;
  readonly #changed = new EventTarget();
  readonly #ended: Promise<number>;
  #stdout = "";
  #stderr = "";

  constructor(folder: WorkersFolder, { worker = "./actions.mjs", main = "main.mjs", env = {} }: LocalRunOptions) {
    this.#child = spawn(process.execPath, [main, worker], {
      cwd: folder.path,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
      this.#changed.dispatchEvent(new Event("output"));
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
      this.#changed.dispatchEvent(new Event("output"));
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]));
    });
  }

  /** Resolves when a pattern stands in what the process wrote to stderr; rejects if it ended without. */
  async waitFor(pattern: RegExp): Promise<void> {
    const seen = new Promise<"seen">((resolve) => {
      const look = () => pattern.test(this.#stderr) && resolve("seen");
      this.#changed.addEventListener("output", look);
      look();
    });
    const outcome = await Promise.race([seen, this.#ended]);
    if (outcome !== "seen" && !pattern.test(this.#stderr))
      throw new Error(`the process ended (${outcome}) without ${pattern}:\n${this.#stderr}`);
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when the process has ended and its output is complete. */
  async end(): Promise<Ended> {
    const exitCode = await this.#ended;
    const log = readLog(this.#stderr);
    return {
      exitCode,
      stdout: this.#stdout,
      stderr: this.#stderr,
      log,
      responses: (tag) => log.flatMap(({ text }) => readResponse(text, tag)),
    };
  }
}

/** Runs a worker to its end. */
export function runToEnd(folder: WorkersFolder, options: LocalRunOptions): Promise<Ended> {
  return new LocalRun(folder, options).end();
}

/** Starts `actions.mjs` on orders. */
export async function startOrders(
  folder: WorkersFolder,
  orders: readonly OrderFile[],
  env: Readonly<Record<string, string>> = {},
): Promise<LocalRun> {
  return new LocalRun(folder, { env: { SOURCE_ORDERS: await writeOrders(folder, orders), ...env } });
}

/** Runs `actions.mjs` on orders, to its end. */
export async function runOrders(
  folder: WorkersFolder,
  orders: readonly OrderFile[],
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  return (await startOrders(folder, orders, env)).end();
}

// The reference's line: `<utc> - <instance> - <queue> - <job or -1> - <LEVEL> - <text>`.
const lineStart =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC) - (\S+) - (\S+) - (-1|\d+) - (TRACE|DEBUG|INFO|WARN|ERROR) - /m;

function readLog(stderr: string): LogLine[] {
  // Split gives: what stands before the first line, then six parts a line.
  const parts = stderr.split(new RegExp(lineStart, "gm"));
  const lines: LogLine[] = [];
  for (let i = 1; i < parts.length; i += 6) {
    const [time = "", instanceId = "", queue = "", id, level = "", text = ""] = parts.slice(i, i + 6);
    lines.push({ time, instanceId, queue, jobId: Number(id), level, text: text.trimEnd() });
  }
  return lines;
}

function readResponse(text: string, tag: string): ResponseBody[] {
  if (!text.startsWith(`{"${tag}":`)) return [];
  // What follows in other lines was written beside the log.
  const [json = ""] = text.split("\n");
  return [(JSON.parse(json) as Record<string, ResponseBody>)[tag] as ResponseBody];
}
