// @ts-check
import { pbkdf2Sync } from "node:crypto";
import { existsSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import { defineWorker, JobPostponed, JobStopped, Secret, Type } from "@mcai/worker-sdk";

const parameters = Type.Object({
  action: Type.String({ default: "complete" }),
  text: Type.String({ default: "nothing" }),
  count: Type.Integer({ default: 1 }),
  password: Type.Optional(Secret()),
  credential: Type.Optional(Type.String()),
});

/**
 * What a job of a test does, by the value of its parameter `action`.
 *
 * @type {Record<string, (
 *   given: import("@mcai/worker-sdk").Static<typeof parameters>,
 *   job: import("@mcai/worker-sdk").Job,
 * ) => ReturnType<import("@mcai/worker-sdk").ProcessWorkerOptions<typeof parameters, undefined, void>["process"]>>}
 */
const actions = {
  complete: ({ text }) => ({ destinationPaths: ["/out.json"], parameters: { text } }),

  // As a library does that does not expect other threads.
  post_to_parent() {
    for (const message of ["ready", { kind: "unheard of" }, { id: 1 }, "null", null, 7, undefined])
      parentPort?.postMessage(message);
  },

  // Results of this many bytes.
  repeat: ({ count }) => ({ parameters: { text: "x".repeat(count) } }),

  fail({ text }) {
    throw new Error(`failed on purpose: ${text}`);
  },

  // Until the attempt that has the number `count`.
  postpone({ count }, job) {
    if (job.attempt < count) throw new JobPostponed("no licence is free");
    return { parameters: { attempt: job.attempt } };
  },

  stop_itself() {
    throw new JobStopped();
  },

  print({ count }) {
    for (let line = 1; line <= count; line++) console.log(`line ${line}`);
  },

  progress(_, job) {
    for (let call = 0; call <= 1_000_000; call++) job.progress(call / 10_000);
  },

  steps: (_, job) => [10, 50, 100].forEach((percent) => void job.progress(percent)),

  log_levels(_, job) {
    for (const level of /** @type {const} */ (["debug", "info", "warn", "error"]))
      job.log[level](`a line of level ${level}`, { tile: 3 });
  },

  log_and_block(_, job) {
    job.log.info("about to block");
    for (;;);
  },

  // Ends as soon as it sees the stop flag, and never yields to the event loop.
  poll(_, job) {
    job.progress(30);
    while (!job.stopped);
    return { destinationPaths: ["/half.json"], parameters: { tiles: 3 } };
  },

  async checkpoints(_, job) {
    job.progress(30);
    for (;;) await job.checkpoint();
  },

  // Ends a second after its first progress.
  complete_later: (_, job) =>
    new Promise((resolve) => {
      job.progress(30);
      setTimeout(resolve, 1000);
    }),

  // Waits for a file with this name.
  async wait_for_file({ text }, job) {
    job.progress(30);
    while (!existsSync(text)) await job.checkpoint();
  },

  unresponsive(_, job) {
    job.progress(30);
    for (;;);
  },

  // Logs the stop and ignores it.
  stubborn(_, job) {
    job.progress(30);
    while (!job.stopped);
    job.log.warn("the stop was seen");
    for (;;);
  },

  // Minutes in native code, which nothing can interrupt.
  native_call(_, job) {
    job.progress(30);
    pbkdf2Sync("password", "salt", 2 ** 31 - 1, 64, "sha512");
  },

  throw_outside: ({ text }) => throwOutside(text),

  lose_promise: ({ text }) =>
    new Promise(() => {
      void Promise.reject(new Error(`lost: ${text}`));
    }),

  exit: () => process.exit(7),

  fill_heap() {
    const hoard = [];
    for (;;) hoard.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
  },

  leak({ password, credential }, job) {
    const secrets = `${password} ${credential} ${process.env.BACKEND_PASSWORD}`;
    job.log.info(`logged: ${secrets}`, { credential });
    throw new Error(`thrown: ${secrets}`);
  },

  leak_encoded({ password = "", text }, job) {
    const forms = [
      encodeURIComponent(password),
      Buffer.from(password).toString("base64"),
      Buffer.from(`user:${password}`).toString("base64url"),
    ];
    job.log.info(`logged: ${text}`, { text });
    throw new Error(`thrown: ${forms.join(" ")}`);
  },

  leak_outside({ password, credential }) {
    return throwOutside(`${password} ${credential} ${process.env.BACKEND_PASSWORD}`);
  },
};

/**
 * Throws outside the promise that it returns.
 *
 * @param {string} text
 * @returns {Promise<never>}
 */
function throwOutside(text) {
  return new Promise(() => {
    setTimeout(() => {
      throw new Error(`thrown outside: ${text}`);
    });
  });
}

export default defineWorker({
  parameters,
  setup() {
    console.log("setup");
  },
  process(given, job) {
    const action = actions[given.action];
    if (!action) throw new Error(`unknown action ${given.action}`);
    return action(given, job);
  },
});
