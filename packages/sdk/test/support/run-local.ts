import { type ChildProcess, spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const packageFolder = join(import.meta.dirname, "../..");

const manifest = {
  name: "@acme/local-worker",
  version: "1.4.0",
  description: "Worker of the tests with real processes",
  license: "MIT",
  private: true,
  type: "module",
};

/** A folder outside the workspace with the workers of `support/workers` and the built package. */
export interface WorkersFolder {
  readonly path: string;
  /** Writes a file, with the folders of its name, and returns its path. */
  write(name: string, content: string | Uint8Array): Promise<string>;
  remove(): Promise<void>;
}

/** Creates a folder in which workers can run. */
export async function openWorkersFolder(): Promise<WorkersFolder> {
  // A name that differs from its form in a URL.
  const path = await mkdtemp(join(tmpdir(), "mcai local é#%-"));
  await cp(join(import.meta.dirname, "workers"), path, { recursive: true });
  await writeFile(join(path, "package.json"), JSON.stringify(manifest));
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

/** An order, or the content of a file that may not be an order. */
type OrderFile = object | string | Uint8Array;

let fileCount = 0;

/** Writes each order to a file, and returns the value of SOURCE_ORDERS. */
export async function writeOrders(folder: WorkersFolder, orders: readonly OrderFile[]): Promise<string> {
  const files = orders.map((order) => {
    const content = typeof order === "string" || order instanceof Uint8Array ? order : JSON.stringify(order);
    return folder.write(join("orders", `${++fileCount}.json`), content);
  });
  return (await Promise.all(files)).join(delimiter);
}

/** Returns a job order without a type, with parameters of these values. */
export function job(jobId: number, values: Readonly<Record<string, string | number>> = {}) {
  const parameters = Object.entries(values).map(([id, value]) => ({
    id,
    type: typeof value === "number" ? "integer" : "string",
    value,
  }));
  return { job_id: jobId, parameters };
}

/** A line of the log. */
interface LogLine {
  readonly time: string;
  readonly instanceId: string;
  readonly queue: string;
  readonly jobId: number;
  readonly level: string;
  readonly text: string;
}

/** The outcome of a process. */
export interface Ended {
  /** As in a shell, 128 plus the number of the signal if a signal ended the process. */
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of the log. Output between two lines belongs to the text of the first. */
  readonly log: readonly LogLine[];
  /** Returns the responses with a tag: `Completed`, `Error`, `Stopped`, `Feedback`, `WorkerStarted` and so on. */
  responses(tag: string): ResponseBody[];
}

/** The fields of a response that tests read. */
interface ResponseBody {
  readonly job_id: number;
  readonly status: string;
  readonly progression: number;
  readonly destination_paths: readonly string[];
  readonly parameters: readonly { readonly id: string; readonly value: unknown }[];
}

/** Options of {@link LocalRun}. */
interface LocalRunOptions {
  /** The address of the worker's module, relative to the folder. @default "./actions.mjs" */
  readonly worker?: string;
  /** The main module, relative to the folder. @default "main.mjs" */
  readonly main?: string;
  /** The environment. Only PATH is inherited, and MCAI_LOG is `debug`, so that the log has the responses. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** The process of a worker. */
export class LocalRun {
  readonly #child: ChildProcess;
  readonly #changed = new EventTarget();
  readonly #ended: Promise<number>;
  #stdout = "";
  #stderr = "";

  constructor(folder: WorkersFolder, { worker = "./actions.mjs", main = "main.mjs", env = {} }: LocalRunOptions) {
    this.#child = spawn(process.execPath, [main, worker], {
      cwd: folder.path,
      env: { PATH: process.env.PATH, MCAI_LOG: "debug", ...env },
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

  /** Resolves when standard error matches a pattern. Rejects if the process exits before. */
  async waitFor(pattern: RegExp): Promise<void> {
    const seen = new Promise<"seen">((resolve) => {
      const look = () => pattern.test(this.#stderr) && resolve("seen");
      this.#changed.addEventListener("output", look);
      look();
    });
    const outcome = await Promise.race([seen, this.#ended]);
    if (outcome !== "seen" && !pattern.test(this.#stderr))
      throw new Error(`the process exited (${outcome}) without ${pattern}:\n${this.#stderr}`);
  }

  /** Sends a signal. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Resolves when the process has exited and its output is complete. */
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

/** Runs a worker until it exits. */
export function runToEnd(folder: WorkersFolder, options: LocalRunOptions): Promise<Ended> {
  return new LocalRun(folder, options).end();
}

/** Starts `actions.mjs` with orders. */
export async function startOrders(
  folder: WorkersFolder,
  orders: readonly OrderFile[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<LocalRun> {
  return new LocalRun(folder, { env: { SOURCE_ORDERS: await writeOrders(folder, orders), ...env } });
}

/** Runs `actions.mjs` with orders until it exits. */
export async function runOrders(
  folder: WorkersFolder,
  orders: readonly OrderFile[],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Ended> {
  return (await startOrders(folder, orders, env)).end();
}

// The format of the reference: `<utc> - <instance> - <queue> - <job or -1> - <LEVEL> - <text>`.
const lineStart =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC) - (\S+) - (\S+) - (-1|\d+) - (TRACE|DEBUG|INFO|WARN|ERROR) - /m;

function readLog(stderr: string): LogLine[] {
  // The parts are the text before the first line, and then six parts per line.
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
  // The following lines are not from the log.
  const [json = ""] = text.split("\n");
  return [(JSON.parse(json) as Record<string, ResponseBody>)[tag] as ResponseBody];
}
