import { setTimeout as delay } from "node:timers/promises";

/** @import { Scene } from "./stage.mjs" */

const drainMs = 500;
const graceMs = 300;
/** The documented limit of the end of a process, after the drain and the grace. */
const maxEndMs = drainMs + graceMs + 10_000;
const maxStatusMs = 1000;

/** A random sequence on one worker's process, which is started again when it has ended. */
export class Sequence {
  #scene;
  #random;
  /** @type {number[]} */
  #jobs = [];
  /** @type {number[]} */
  #live = [];
  /** @type {Awaited<ReturnType<Scene["proxy"]>> | undefined} */
  #proxy;

  /**
   * @param {Scene} scene
   * @param {() => number} random
   */
  constructor(scene, random) {
    this.#scene = scene;
    this.#random = random;
  }

  get #worker() {
    return this.#scene.workers.at(-1);
  }

  async start() {
    this.#proxy ??= await this.#scene.proxy();
    const env = { MCAI_DRAIN_TIMEOUT_MS: String(drainMs), MCAI_STOP_GRACE_MS: String(graceMs) };
    await this.#scene.start({ port: this.#proxy.port, env });
  }

  /** Does something at random, and returns what. */
  async step() {
    const { backend, queue } = this.#scene;
    const actions = ["nothing", "work", "work", "fail", "poll", "checkpoints", "block", "exit", "throw_outside"];
    const choice = this.#pick([
      "job",
      "job",
      "job",
      "about",
      "about",
      "worker",
      "init",
      "cut",
      "pause",
      "pause",
      "end",
    ]);
    if (choice === "job") {
      const action = this.#pick(actions);
      this.#jobs.push(await this.#scene.send({ action, durationMs: Math.round(this.#random() * 300) }));
      return `job ${action}`;
    }
    if (choice === "init") {
      const jobId = 50_000 + this.#live.length;
      this.#live.push(jobId);
      await this.#about("init_process", jobId);
      if (this.#random() < 0.5) await this.#about("start_process", jobId);
      return "init_process";
    }
    if (choice === "about") {
      const type = this.#pick([
        "start_process",
        "update_process",
        "stop_process",
        "stop_process",
        "reached_expiration",
      ]);
      const known = type === "stop_process" || type === "update_process" ? this.#jobs.at(-1) : undefined;
      await this.#about(type, known ?? 80_000);
      return type;
    }
    if (choice === "worker") {
      const type = this.#pick([
        ...["status", "stop_consuming_jobs", "resume_consuming_jobs", "get_black_list", "sync_black_list"],
        ...["add_to_black_list", "delete_from_black_list"],
      ]);
      await backend.sendDirect(queue, { type, job_id: 90_000 });
      return type;
    }
    if (choice === "cut") this.#proxy?.cut();
    if (choice === "pause") await delay(this.#random() * 400);
    if (choice !== "end") return choice;
    const how = this.#pick(["SIGTERM", "SIGINT", "SIGKILL", "stop_worker"]);
    if (how === "stop_worker") await backend.sendDirect(queue, { type: "stop_worker" });
    else this.#worker?.signal(/** @type {NodeJS.Signals} */ (how));
    if (how !== "stop_worker") await this.#worker?.ended;
    await this.#revive();
    return how;
  }

  /** @param {string[]} faults */
  async finish(faults) {
    const { backend, queue, trace } = this.#scene;
    const untilMs = Date.now() + 90_000;
    for (;;) {
      await this.#revive();
      await backend.sendDirect(queue, { type: "resume_consuming_jobs" });
      const left = this.#jobs.filter((id) => backend.finalsOf(id).length === 0);
      for (const id of [...left, ...this.#live]) await this.#about("stop_process", id);
      if (left.length === 0) break;
      if (Date.now() > untilMs) {
        faults.push(`never answered: ${left.join(", ")}`);
        break;
      }
      await delay(300);
    }
    await delay(graceMs + 200);
    await this.#revive();
    const from = backend.responses.length;
    const askedMs = performance.now();
    await backend.sendDirect(queue, { type: "status" });
    await backend.next("worker_status", undefined, { from, timeoutMs: 10_000 });
    const statusMs = performance.now() - askedMs;
    if (statusMs > maxStatusMs) faults.push(`status after ${Math.round(statusMs)} ms`);
    const endedMs = performance.now();
    this.#worker?.signal("SIGTERM");
    const code = await this.#worker?.ended;
    const endMs = performance.now() - endedMs;
    if (code !== 0) faults.push(`exit code ${code}`);
    if (endMs > maxEndMs) faults.push(`the process ended after ${Math.round(endMs)} ms`);
    const { messages } = await backend.count(queue);
    if (messages > 0) faults.push(`${messages} orders are left in the queue`);
    const runs = trace.maxRunsPerProcessAndAttempt();
    if (runs > 1) faults.push(`${runs} runs of a job in one process`);
    return { statusMs, endMs };
  }

  // A worker whose thread crashed three times in a row ends by itself.
  async #revive() {
    const worker = this.#worker;
    if (worker) await Promise.race([worker.ended, delay(20)]);
    if (!worker?.isRunning) await this.start();
  }

  /**
   * @param {string} type
   * @param {number} jobId
   */
  #about(type, jobId) {
    return this.#scene.backend.sendDirect(this.#scene.queue, { type, job_id: jobId, parameters: [] });
  }

  /**
   * @template Item
   * @param {readonly Item[]} items
   * @returns {Item}
   */
  #pick(items) {
    return /** @type {Item} */ (items[Math.floor(this.#random() * items.length)]);
  }
}
