import { markOwn, messageOf, ownCodeOf } from "../errors.ts";
import type { Log } from "../log/log.ts";
import type { Redactor } from "../log/redactor.ts";
import type { JobOrder } from "../order/order.ts";
import { findMissingRequirements } from "../parameters/requirements.ts";
import { resolveParameters } from "../parameters/resolve.ts";
import type { Stores } from "../parameters/store.ts";
import { mergeUpdate } from "../parameters/update.ts";
import { JobPhases } from "../thread-protocol/job-phase.ts";
import type { Command, RunEnd as EncodedEnd, FailedRun, Fault, Report } from "../thread-protocol/messages.ts";
import type { StopFlag } from "../thread-protocol/stop-flag.ts";
import type { AnyProcess, AnyWorker } from "../worker/define-worker.ts";
import { JobPostponed, JobStopped } from "../worker/job.ts";
import { encodeResult, type RunResult, toRunResult } from "./encode-result.ts";
import { RunningJob } from "./running-job.ts";
import { toShown } from "./shown-result.ts";
import { stackOf } from "./stack.ts";

/** Options of a {@link Processor}. */
export interface ProcessorOptions {
  readonly worker: AnyWorker;
  readonly context: unknown;
  readonly stores: Stores;
  readonly stopFlag: StopFlag;
  readonly threads: number;
  readonly progressIntervalMs: number;
  /** Called with what each `job.progress` was called with. */
  readonly onProgress?: ((percent: number, jobId: number) => void) | undefined;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly report: (report: Report) => void;
}

/** How many missing files one message names. */
const maxNamedFiles = 1000;

type RunEnd = EncodedEnd<RunResult>;
type BeginCommand = Extract<Command, { kind: "run" | "initialise" }>;

/** One run of one job. `prepared` resolves when its parameters and its process are ready, or it has ended. */
interface Run {
  readonly serial: number;
  readonly job: RunningJob;
  readonly phases: JobPhases;
  prepared: Promise<void>;
  values: Record<string, unknown> | undefined;
  process: AnyProcess | undefined;
}

/** Runs one job at a time: requirements, parameters, the worker's functions. Reports to the main thread. */
export class Processor {
  readonly #options: ProcessorOptions;
  readonly #isLogged: boolean;
  #run: Run | undefined;

  constructor(options: ProcessorOptions) {
    this.#options = options;
    this.#isLogged = options.log.shows("info");
  }

  /** Executes a command of the main thread. Never rejects: errors are reported. */
  execute(command: Exclude<Command, { kind: "close" | "ping" | "rename" }>): Promise<void> {
    if (command.kind === "run" || command.kind === "initialise") return this.#begin(command);
    const run = this.#run;
    if (run?.serial !== command.serial) return Promise.resolve();
    if (command.kind === "start") return this.#start(run, command.order);
    if (command.kind === "update") return this.#update(run, command.order);
    return this.#stop(run);
  }

  async #begin({ kind, serial, order, attempt }: BeginCommand): Promise<void> {
    const { stopFlag, threads, progressIntervalMs, onProgress, log, report } = this.#options;
    const job = new RunningJob({
      id: order.job_id,
      attempt,
      serial,
      threads,
      stopFlag,
      log,
      progressIntervalMs,
      sendProgress: (percent) => report({ kind: "progression", serial, percent }),
      onProgress: onProgress && ((percent) => onProgress(percent, order.job_id)),
    });
    const phases = new JobPhases(kind === "initialise");
    const run: Run = { serial, job, phases, prepared: Promise.resolve(), values: undefined, process: undefined };
    this.#run = run;
    run.prepared = this.#prepare(run, order);
    await run.prepared;
    if (phases.current === "ending") return;
    if (!phases.initialisedFirst) return this.#work(run);
    phases.enter("initialised");
    report({ kind: "initialised", serial });
  }

  async #prepare(run: Run, order: JobOrder): Promise<void> {
    const { worker, context } = this.#options;
    const isPlain = !run.phases.initialisedFirst;
    try {
      // As in the reference: if a worker has no initProcess, its init_process checks no requirements and may lack parameters.
      if ((isPlain || worker.initProcess) && (await this.#isDelayed(run, order))) return;
      if (isPlain || worker.initProcess || order.parameters.length > 0) await this.#resolve(run, order);
      if (worker.initProcess) run.process = await worker.initProcess(run.values, run.job, context);
      run.job.throwIfStopped();
    } catch (error) {
      await this.#finish(run, () => this.#endOfError(run, error));
    }
  }

  async #start(run: Run, order: JobOrder): Promise<void> {
    await run.prepared;
    if (run.phases.current !== "initialised") return;
    run.phases.enter("starting");
    try {
      if (!run.process) {
        if (await this.#isDelayed(run, order)) return;
        if (run.values === undefined || order.parameters.length > 0) await this.#resolve(run, order);
      }
    } catch (error) {
      return this.#finish(run, () => this.#endOfError(run, error));
    }
    return this.#work(run);
  }

  async #work(run: Run): Promise<void> {
    const { worker, context, report } = this.#options;
    run.phases.enter("running");
    report({ kind: "started", serial: run.serial });
    try {
      const returned = await (run.process ? run.process.run() : worker.process?.(run.values, run.job, context));
      await this.#finish(run, () => this.#endOfReturn(run, returned));
    } catch (error) {
      await this.#finish(run, () => this.#endOfError(run, error));
    }
  }

  async #update(run: Run, order: JobOrder): Promise<void> {
    const { worker, context, report, stores } = this.#options;
    await run.prepared;
    if (run.phases.current === "ending") return;
    try {
      const merged = mergeUpdate(worker.parameters, run.values ?? {}, order.parameters, stores, run.job);
      const update = await orOwnError(merged);
      if (run.process) await run.process.updateProcess?.(update.changed);
      else await worker.updateProcess?.(update.changed, run.job, context);
      run.values = update.values;
      report({ kind: "updated", serial: run.serial });
    } catch (error) {
      report({ kind: "updated", serial: run.serial, failure: this.#failure(error) });
    }
  }

  async #stop(run: Run): Promise<void> {
    run.job.wake();
    // No function of the worker runs between init_process and start_process, so nothing else ends the job.
    if (run.phases.current === "initialised")
      await this.#finish(run, () => this.#endOfError(run, run.job.signal.reason));
  }

  async #isDelayed(run: Run, order: JobOrder): Promise<boolean> {
    const missing = await orOwnError(findMissingRequirements(order.parameters, this.#options.stores, run.job));
    if (missing.length === 0) return false;
    const lines = missing
      .slice(0, maxNamedFiles)
      .map((path) => `Required file does not exist: ${JSON.stringify(path)}`);
    if (missing.length > maxNamedFiles) lines.push(`… and ${missing.length - maxNamedFiles} more`);
    const message = this.#options.redactor.redact(lines.join("\n"));
    await this.#finish(run, () => ({ status: "delayed", cause: "requirements", message }));
    return true;
  }

  async #resolve(run: Run, order: JobOrder): Promise<void> {
    const { worker, stores } = this.#options;
    run.values = await orOwnError(resolveParameters(worker.parameters, order.parameters, stores, run.job));
  }

  #endOfReturn(run: Run, returned: unknown): RunEnd {
    if (run.job.stopReason === "deadline") return timeout(run);
    // A drain only asks the job to end soon: if it has done its work, it is completed.
    if (run.job.stopReason === "order")
      return { status: "stopped", reason: "order", result: this.#result(returned, false) };
    // endingProcess may return what is missing.
    return { status: "completed", result: this.#result(returned, !run.process?.endingProcess) };
  }

  #endOfError(run: Run, error: unknown): RunEnd {
    const asked = run.job.stopReason;
    const isStop = run.job.isStop(error);
    const isPostponed = error instanceof JobPostponed;
    if ((isStop || isPostponed) && asked === "deadline") return timeout(run);
    if (isPostponed) return this.#endOfPostponement(run, error);
    if (!isStop) return this.#failure(error);
    const result = this.#result(error instanceof JobStopped ? error.result : undefined, false);
    return { status: "stopped", reason: asked ?? "worker", result };
  }

  #endOfPostponement(run: Run, error: JobPostponed): RunEnd {
    // It must not run again.
    if (run.job.stopReason === "order")
      return { status: "stopped", reason: "order", result: this.#result(undefined, false) };
    return { status: "delayed", cause: "worker", message: this.#options.redactor.redact(messageOf(error)) };
  }

  #result(returned: unknown, complete: boolean): RunResult {
    return toRunResult(returned, this.#options.worker.results, complete);
  }

  async #finish(run: Run, makeEnd: () => RunEnd): Promise<void> {
    if (run.phases.current === "ending") return;
    run.phases.enter("ending");
    // What still listens to the signal learns of the stop, even if the worker only read `job.stopped`.
    run.job.wake();
    let end: RunEnd;
    try {
      end = makeEnd();
    } catch (error) {
      end = this.#failure(error);
    }
    this.#end(run, await this.#closeProcess(run, end));
  }

  async #closeProcess(run: Run, end: RunEnd): Promise<RunEnd> {
    const done = end.status === "completed" || end.status === "stopped";
    try {
      if (!run.process?.endingProcess) return end;
      const last = await run.process.endingProcess(done ? end.status : "failed");
      if (!done) return end;
      if (last !== undefined) return { ...end, result: this.#result(last, end.status === "completed") };
      this.#result(toReturned(end.result), end.status === "completed");
      return end;
    } catch (error) {
      if (done) return this.#failure(error);
      const { message, ...rest } = this.#failure(error);
      this.#options.log.forJob(run.job.id).event("warn", `endingProcess failed too: ${message}`, { ...rest });
      return end;
    }
  }

  #end(run: Run, end: RunEnd): void {
    if (this.#run !== run) return;
    this.#run = undefined;
    run.job.close();
    this.#options.report({ kind: "ended", serial: run.serial, end: this.#encode(end) });
  }

  #encode(end: RunEnd): EncodedEnd {
    if (end.status !== "completed" && end.status !== "stopped") return end;
    try {
      const result = encodeResult(end.result);
      return { ...end, result: this.#isLogged ? { ...result, shown: toShown(end.result) } : result };
    } catch (error) {
      return this.#failure(error);
    }
  }

  #failure(error: unknown): FailedRun {
    const { redactor } = this.#options;
    const message = redactor.redact(messageOf(error));
    const code = ownCodeOf(error);
    if (code === undefined) {
      // The response has the message alone; the log has the place too.
      const stack = stackOf(error);
      return { status: "error", message, ...(stack !== undefined && { stack: redactor.redact(stack) }) };
    }
    const { faults } = error as { faults?: readonly Fault[] };
    const shown = faults?.map((fault) => ({ ...fault, message: redactor.redact(fault.message) }));
    return { status: "error", message, code, ...(shown && { faults: shown }) };
  }
}

// What fails in the SDK's own part of a job is not an error of the worker's code.
async function orOwnError<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw markOwn(error);
  }
}

function timeout(run: Run): FailedRun {
  return { status: "error", message: messageOf(run.job.signal.reason), code: "JOB_TIMEOUT" };
}

// The value that a worker returns for this result.
function toReturned({ destinationPaths, parameters }: RunResult): unknown {
  return {
    destinationPaths,
    parameters: Object.fromEntries(parameters.map(({ id, type, value }) => [id, { type, value }])),
  };
}
