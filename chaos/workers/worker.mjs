import { pbkdf2Sync } from "node:crypto";
import { openSync, writeSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { defineWorker, JobPostponed, Type } from "@mcai/worker-sdk";

/**
 * @import { Job, JobResult } from "@mcai/worker-sdk"
 * @typedef {JobResult | undefined | void | Promise<JobResult | undefined | void>} Returned
 */

// Opened to append, so that the workers of a scenario share it, and written at once, so that no kill loses a line.
const trace = openSync(process.env.CHAOS_TRACE ?? "trace.jsonl", "a");
/** @type {(event: string, fields: object) => void} */
const note = (event, fields) =>
  writeSync(trace, `${JSON.stringify({ atMs: Date.now(), event, pid: process.pid, ...fields })}\n`);

/**
 * One function for each thing that a job of the suite does.
 * @type {Readonly<Record<string, (parameters: { durationMs: number, count: number, source_path: string }, job: Job) => Returned>>}
 */
const actions = {
  async work({ durationMs }, job) {
    await delay(durationMs, undefined, { signal: job.signal });
    return { parameters: { pid: process.pid } };
  },

  nothing: () => undefined,

  postpone() {
    throw new JobPostponed("on purpose");
  },

  fail() {
    throw new Error("failed on purpose");
  },

  // An error that repeats its input, twice.
  open({ source_path }) {
    throw new Error(`${source_path} does not exist: cannot open ${source_path}`);
  },

  // Results of this many bytes.
  results: ({ count }) => ({ parameters: { text: "x".repeat(count) } }),

  // Holds the event loop and does not look at the flag.
  block({ durationMs }, job) {
    job.progress(10);
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs);
  },

  // The same in C++, where JavaScript cannot be interrupted.
  native({ durationMs }, job) {
    const startMs = performance.now();
    pbkdf2Sync("password", "salt", 100_000, 64, "sha512");
    const iterationsPerMs = 100_000 / (performance.now() - startMs);
    job.progress(10);
    pbkdf2Sync("password", "salt", Math.min(2 ** 31 - 1, Math.round(iterationsPerMs * durationMs)), 64, "sha512");
  },

  // Ends when it sees the flag.
  poll(_, job) {
    job.progress(10);
    while (!job.stopped);
  },

  async checkpoints(_, job) {
    job.progress(10);
    for (;;) await job.checkpoint();
  },

  // Spread over the time, without yielding.
  back_and_forth({ durationMs, count }, job) {
    const startMs = performance.now();
    for (let i = 0; i < count; i++) {
      job.progress(i % 2 ? 10 : 20);
      while (performance.now() < startMs + (i * durationMs) / count);
    }
  },

  // Writes more than nobody reads.
  async chatter(_, job) {
    for (;;) {
      job.log.info("line ".repeat(1000));
      await job.checkpoint();
    }
  },

  throw_outside: () =>
    new Promise(() => {
      setTimeout(() => {
        throw new Error("thrown outside");
      });
    }),

  lose_promise: () =>
    new Promise(() => {
      void Promise.reject(new Error("lost"));
    }),

  exit: () => process.exit(7),

  fill_heap() {
    /** @type {object[][]} */
    const hoard = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  },

  // What a fault in a native library does: it ends the whole process at once.
  crash() {
    process.kill(process.pid, "SIGSEGV");
    for (;;);
  },
};

export default defineWorker({
  setup() {
    if (process.env.CHAOS_SETUP !== "endless") return;
    writeSync(2, "in setup\n");
    return new Promise(() => setInterval(() => undefined, 1000));
  },
  teardown() {
    if (process.env.CHAOS_TEARDOWN === "endless") for (;;);
  },
  parameters: Type.Object({
    action: Type.String({ default: "work" }),
    attempt: Type.Integer({ default: 1 }),
    durationMs: Type.Integer({ default: 0 }),
    count: Type.Integer({ default: 0 }),
    source_path: Type.String({ default: "" }),
  }),
  async process(parameters, job) {
    const { action, attempt } = parameters;
    note("run", { jobId: job.id, attempt, action });
    try {
      const run = actions[action];
      if (!run) throw new Error(`there is no action ${action}`);
      return await run(parameters, job);
    } finally {
      note("end", { jobId: job.id, attempt });
    }
  },
});
