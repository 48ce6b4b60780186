import { constants, openSync } from "node:fs";
import { McaiError } from "../errors.ts";
import { planDescriptor, statDescriptor } from "./descriptor.ts";
import { Output, type OutputPlan } from "./output.ts";
import { Ring } from "./ring.ts";
import { SharedLock } from "./shared-lock.ts";

/** How long the end of the process may be delayed by output that nobody reads. */
const maxEndMs = 500;

/** What a thread needs in order to write to all outputs of the process. */
export interface OutputsPlan {
  readonly lock: SharedArrayBuffer;
  readonly stdout: OutputPlan;
  readonly stderr: OutputPlan;
  /** The file of FILE_LOGGING. */
  readonly file: OutputPlan | undefined;
}

/** Options of {@link planOutputs}. */
export interface OutputOptions {
  /** How much may wait for the reader of each output. */
  readonly bufferBytes: number;
  readonly file: string | undefined;
}

/**
 * Opens the outputs of the process. This is done once, in the main thread; every thread then creates its {@link Outputs}
 * from the plan, and needs no descriptor for it.
 *
 * @throws {@link McaiError} `ENVIRONMENT_INVALID` if the file of the log cannot be opened.
 */
export function planOutputs({ bufferBytes, file }: OutputOptions): OutputsPlan {
  const plan = (fd: 1 | 2): OutputPlan => ({ ...planDescriptor(fd), ring: new Ring(bufferBytes).buffer });
  const stdout = plan(1);
  return {
    lock: new SharedLock().buffer,
    stdout,
    // With 2>&1 both are one pipe: what waits for its reader keeps its order.
    stderr: isSamePipe() ? stdout : plan(2),
    file: file === undefined ? undefined : { fd: openFile(file), mode: "plain", ring: new Ring(bufferBytes).buffer },
  };
}

/** The outputs of the process, as one thread sees them. */
export class Outputs {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly file: Output | undefined;

  constructor({ lock, stdout, stderr, file }: OutputsPlan) {
    const shared = new SharedLock(lock);
    this.stderr = new Output(stderr, shared);
    this.stdout = stdout.ring === stderr.ring ? this.stderr : new Output(stdout, shared);
    this.file = file && new Output(file, shared);
    // The log says it on standard error, which may have stopped too.
    for (const output of this.all) if (output !== this.stderr) output.canSayDropped = () => this.stderr.hasRoom;
  }

  get all(): readonly Output[] {
    return [...new Set([this.stderr, this.stdout, ...(this.file ? [this.file] : [])])];
  }

  /** In the main thread: writes what other threads leave, and at the end of the process what still waits. */
  watch(): void {
    for (const output of this.all) output.watch();
    process.on("exit", () => this.end());
  }

  /** Writes what waits, for at most 500 ms in all. */
  end(): void {
    const deadline = performance.now() + maxEndMs;
    for (const output of this.all) output.end(deadline);
  }
}

function isSamePipe(): boolean {
  const [stdout, stderr] = [statDescriptor(1), statDescriptor(2)];
  return stdout.ino === stderr.ino && stdout.dev === stderr.dev && !stdout.isFile();
}

function openFile(file: string): number {
  try {
    // O_NONBLOCK is for a named pipe, which the log must not wait for either.
    return openSync(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK, 0o666);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    throw new McaiError("ENVIRONMENT_INVALID", `FILE_LOGGING: ${file.length > 200 ? code : message}`, { cause });
  }
}
