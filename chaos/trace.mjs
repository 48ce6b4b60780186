import { appendFileSync, existsSync, readFileSync } from "node:fs";

/**
 * A line of a worker.
 * @typedef {{ atMs: number, event: string, pid: number, jobId: number, attempt: number }} Line
 */

/**
 * A fault of the suite.
 * @typedef {object} Fault
 * @property {number} atMs
 * @property {string} kind
 * @property {readonly (number | undefined)[]} [pids] the processes that it hit; all of them if undefined
 * @property {number} [untilMs] when its effect ended
 */

/** What the workers wrote of their runs, and what the suite wrote of its own faults, on one clock. */
export class Trace {
  #file;
  /** @type {Fault[]} */
  #faults = [];

  /** @param {string} file */
  constructor(file) {
    this.#file = file;
    appendFileSync(file, "");
  }

  /** Where workers append their lines. */
  get file() {
    return this.#file;
  }

  /**
   * Notes a fault.
   * @param {string} kind
   * @param {Pick<Fault, "pids" | "untilMs">} [options]
   */
  fault(kind, { pids, untilMs } = {}) {
    /** @type {Fault} */
    const fault = { atMs: Date.now(), kind, pids, untilMs };
    this.#faults.push(fault);
    return fault;
  }

  /** In order. */
  get faults() {
    return this.#faults;
  }

  /**
   * Every line of the workers.
   * @returns {Line[]}
   */
  lines() {
    if (!existsSync(this.#file)) return [];
    // A kill can leave the last line in two.
    return readFileSync(this.#file, "utf8")
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line));
  }

  /** The runs: job, attempt, process, when. */
  runs() {
    return this.lines().filter(({ event }) => event === "run");
  }

  /**
   * The runs of one job.
   * @param {number} jobId
   */
  runsOf(jobId) {
    return this.runs().filter((run) => run.jobId === jobId);
  }

  /** How many runs one process made of one attempt, at most. */
  maxRunsPerProcessAndAttempt() {
    /** @type {Map<string, number>} */
    const counts = new Map();
    for (const { jobId, attempt, pid } of this.runs()) {
      const key = `${jobId} ${attempt} ${pid}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return Math.max(0, ...counts.values());
  }

  /**
   * The attempts that ran in several processes: how many, and those of them where no fault that hit the earlier process
   * lies between the earlier run's start and the later one's.
   */
  runsOnSeveralProcesses() {
    const attempts = groupBy(this.runs(), keyOf);
    let count = 0;
    const unexplained = [];
    for (const [key, runs] of attempts) {
      if (runs.length < 2) continue;
      count++;
      const ordered = runs.toSorted((a, b) => a.atMs - b.atMs);
      // A broker that was killed may bring back what it had forgotten, and each copy goes its own way.
      for (let i = 1; i < ordered.length; i++)
        if (!this.explains(ordered[0].atMs, ordered[i].atMs, [ordered[i - 1].pid]))
          unexplained.push({ key, runs: ordered, faults: this.#faults });
    }
    return { count, unexplained };
  }

  /**
   * Whether a fault that hit one of these processes lies in a span of time.
   * @param {number} fromMs
   * @param {number} toMs
   * @param {readonly number[]} pids
   */
  explains(fromMs, toMs, pids) {
    return this.#faults.some(
      (fault) =>
        fault.atMs <= toMs &&
        (fault.untilMs ?? fault.atMs) >= fromMs &&
        (!fault.pids || fault.pids.some((pid) => pid !== undefined && pids.includes(pid))),
    );
  }
}

/** @param {Line} line */
const keyOf = ({ jobId, attempt }) => `${jobId} ${attempt}`;

/**
 * @param {readonly Line[]} values
 * @param {(line: Line) => string} keyFor
 */
function groupBy(values, keyFor) {
  /** @type {Map<string, Line[]>} */
  const groups = new Map();
  for (const value of values) {
    const key = keyFor(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
