import type { JobLog } from "../log/job-log.ts";

/**
 * The phase of a job, from its order to its final response:
 *
 * - `initialising`: an `init_process` is being prepared (parameters, `initProcess`).
 * - `initialised`: it is prepared and waits for its `start_process`.
 * - `starting`: a `job` is being prepared, or the `start_process` of an initialised job has arrived.
 * - `running`: the worker's `process` or `run` has been called.
 * - `ending`: its end is known; its final response is on its way.
 */
export type JobPhase = "initialising" | "initialised" | "starting" | "running" | "ending";

const nextPhases: Readonly<Record<JobPhase, readonly JobPhase[]>> = {
  initialising: ["initialised", "ending"],
  initialised: ["starting", "ending"],
  starting: ["running", "ending"],
  running: ["ending"],
  ending: [],
};

/** The phases of one job: the dispatcher and the processor each have one of these for it. */
export class JobPhases {
  /** Whether the job began with an `init_process`. */
  readonly initialisedFirst: boolean;
  readonly #log: JobLog | undefined;
  #current: JobPhase;
  #beforeEnd: Exclude<JobPhase, "ending">;

  /** @param log - Gets each change at level `debug`; that of the main thread alone, or each would be logged twice. */
  constructor(initialisedFirst: boolean, log?: JobLog) {
    this.initialisedFirst = initialisedFirst;
    this.#log = log;
    this.#beforeEnd = initialisedFirst ? "initialising" : "starting";
    this.#current = this.#beforeEnd;
  }

  /** The phase that the job is in. */
  get current(): JobPhase {
    return this.#current;
  }

  /** The phase that the job is in, or was in when it began to end. */
  get beforeEnd(): Exclude<JobPhase, "ending"> {
    return this.#beforeEnd;
  }

  /**
   * Enters the next phase.
   *
   * @throws {@link Error} If no job goes from its current phase to this one: a fault of the SDK.
   */
  enter(phase: JobPhase): void {
    if (!nextPhases[this.#current].includes(phase))
      throw new Error(`A job cannot change from ${this.#current} to ${phase}.`);
    this.#log?.debug(`Job phase: ${this.#current} → ${phase}.`);
    if (phase !== "ending") this.#beforeEnd = phase;
    this.#current = phase;
  }
}
