import { setTimeout as delay } from "node:timers/promises";
import { readSettings } from "../../src/env.ts";
import { describeWorker } from "../../src/job-thread/describe-worker.ts";
import { createLog } from "../../src/log/log.ts";
import { Redactor } from "../../src/log/redactor.ts";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import { toConfiguration } from "../../src/response/worker-configuration.ts";
import { createDispatcher } from "../../src/run/create-dispatcher.ts";
import type { AnyWorker } from "../../src/worker/define-worker.ts";
import { toMetadata } from "../../src/worker/metadata.ts";
import { ModelBroker, type Sent } from "./model-broker.ts";
import { ModelThread } from "./model-thread.ts";
import { modelWorker } from "./model-worker.ts";

const graceMs = 15;
/** What a stop may take beyond its own times, on a machine that does other things too. */
const slackMs = 400;
const maxStatusMs = 1000;

const environment = {
  MCAI_STOP_GRACE_MS: String(graceMs),
  MCAI_MAX_PENDING_UPDATES: "4",
  MCAI_PROGRESS_INTERVAL_MS: "1",
  MESSAGE_TTL_LIMIT: "2",
  MESSAGE_SOFT_LIMIT: "2",
};
const settings = readSettings(environment);
const address = { instanceId: "model", queueName: "job_model", directMessagingIdentifier: "model" };
const redactor = new Redactor();
const log = createLog({ ...settings.log, level: "silent" }, address, redactor);
const metadata = toMetadata(
  { name: "model", version: "0.0.0", description: "A worker of the model", license: "MIT" },
  {},
  "the model",
);
const worker = modelWorker as AnyWorker;
const description = describeWorker(worker, metadata);

/** Answers to orders, not to runs of a job. */
const refusals = [
  /^Cannot start a not initialized job/,
  /^The Job ID is not the same/,
  /^Cannot initialize this job/,
  /^Job TTL has been reached/,
  /^unknown order type/,
];

/** A worker with the real dispatcher and processor, whose broker and thread the model can break. */
export class ModelWorld {
  readonly broker = new ModelBroker();
  readonly blackListed = new Set<number>();
  readonly thread = new ModelThread(worker, description, {
    stores: new EnvironmentStores({}, () => undefined),
    threads: 1,
    progressIntervalMs: settings.progressIntervalMs,
    redactor,
    log,
  });
  readonly faults: string[] = [];
  #dispatcher: ReturnType<typeof createDispatcher> | undefined;
  #stopped: Promise<void> | undefined;
  nextId = 1;

  static async start(): Promise<ModelWorld> {
    const world = new ModelWorld();
    const { broker: transport, thread } = world;
    const dispatcher = await thread.start((described) =>
      createDispatcher({
        ...{ transport, thread, worker: described, settings, log },
        configuration: toConfiguration(described, address),
        onStopWorker: () => void world.stop(0),
        onFailure: (error) => world.faults.push(`the worker failed: ${error.message}`),
      }),
    );
    world.#dispatcher = dispatcher;
    await transport.start(dispatcher);
    await dispatcher.start();
    return world;
  }

  get isStopping(): boolean {
    return this.#stopped !== undefined;
  }

  /** Ends the worker as a signal does. */
  stop(finishMs: number): Promise<void> {
    this.#stopped ??= this.#stop(finishMs);
    return this.#stopped;
  }

  /** The broker recovers, everything comes to rest, and the worker ends; then all that is wrong is known. */
  async finish(): Promise<readonly string[]> {
    this.broker.block(false);
    this.broker.refuse(0);
    this.broker.restore();
    if (!this.isStopping) await this.#comeToRest();
    const hadStopped = this.isStopping;
    await this.stop(0);
    this.#check(hadStopped);
    return [...this.faults, ...this.broker.violations];
  }

  async #stop(finishMs: number): Promise<void> {
    const dispatcher = this.#dispatcher as ReturnType<typeof createDispatcher>;
    const startMs = performance.now();
    const { isTroubled, troubles, unsettled: before } = this.broker;
    await dispatcher.stop(finishMs, "drain");
    const tookMs = performance.now() - startMs;
    if (tookMs > finishMs + graceMs + slackMs) this.faults.push(`the stop took ${Math.round(tookMs)} ms`);
    const farewell = Promise.all([dispatcher.workerOrders.announceTerminated(), dispatcher.idle()]);
    await Promise.race([farewell, delay(graceMs + 25)]);
    await this.thread.stop("ask");
    // An order that arrives during the last messages may go back to its queue.
    const left = this.broker.unsettled.filter((sent) => before.includes(sent));
    if (!isTroubled && this.broker.troubles === troubles && left.length > 0)
      this.faults.push(`not settled at the end: ${left.map(({ type, jobId }) => `${type} ${jobId ?? ""}`).join(", ")}`);
    await this.broker.stop();
  }

  // Asks for the status until no job is left, and stops the current one.
  async #comeToRest(): Promise<void> {
    await this.#order({ type: "resume_consuming_jobs" });
    for (let round = 0; round < 200 && !this.isStopping; round++) {
      const status = await this.#status();
      const jobId = (status?.job as { job_id: number } | null | undefined)?.job_id;
      if (jobId !== undefined) await this.#order({ type: "stop_process", job_id: jobId, parameters: [] });
      else if (this.broker.sent.every(({ final }) => final)) return;
      await delay(1);
    }
    if (this.isStopping) return;
    const left = this.broker.sent.filter(({ final }) => !final).map(({ type, jobId }) => `${type} ${jobId ?? ""}`);
    this.faults.push(`never settled: ${left.join(", ")}`);
  }

  async #status(): Promise<Record<string, unknown> | undefined> {
    const { published } = this.broker;
    const before = published.length;
    if (!(await this.#order({ type: "status" })) || this.isStopping) return undefined;
    const answer = published.slice(before).findLast(({ key }) => key === "worker_status");
    if (!answer) this.faults.push("a status was acknowledged without an answer");
    return answer?.body;
  }

  async #order(order: { type: string; job_id?: number; parameters?: [] }): Promise<boolean> {
    const body = Buffer.from(JSON.stringify(order));
    const sent = this.broker.send({
      ...{ type: order.type, jobId: order.job_id, body, direct: true },
      ...{ redelivered: false, deaths: 0, softRejects: 0 },
    });
    const untilMs = performance.now() + maxStatusMs;
    while (!sent.final && performance.now() < untilMs && !this.isStopping) await delay(0);
    if (!sent.final && !this.isStopping) this.faults.push(`${order.type} was not answered within ${maxStatusMs} ms`);
    return sent.final !== undefined;
  }

  #check(wasStopped: boolean): void {
    const { sent, published, maxWaiting } = this.broker;
    const finals = published.filter(({ key }) => /^job_(completed|stopped|error)$/.test(key));
    const countOf = (list: readonly number[], id: number) => list.filter((one) => one === id).length;
    const ends = finals.filter(({ key, body }) => key !== "job_error" || !isRefusal(body));
    const endIds = ends.map(({ body }) => Number(body.job_id));
    for (const id of new Set([...this.thread.begun, ...endIds])) {
      const runs = countOf(this.thread.begun, id);
      const delays = sent.filter(({ jobId }) => jobId === id).reduce((sum, one) => sum + one.delays, 0);
      const over = countOf(endIds, id) + delays - runs;
      // A job that the shutdown returned to its queue has no answer.
      if (over !== 0 && !(wasStopped && over < 0 && runs - countOf(endIds, id) - delays <= 1))
        this.faults.push(`job ${id}: ${runs} runs, ${countOf(endIds, id)} final responses, ${delays} delays`);
    }
    for (const one of sent) this.#checkAnswer(one);
    if (maxWaiting > 2 * sent.length + 20) this.faults.push(`${maxWaiting} messages waited for ${sent.length} orders`);
  }

  #checkAnswer({ type, jobId, final }: Sent): void {
    if (final !== "acknowledge") return;
    const keys = new Set(
      this.broker.published
        .filter(({ body }) => jobId === undefined || (body.job_id ?? jobId) === jobId)
        .map(({ key }) => key),
    );
    const wanted = answersTo[type];
    if (!wanted || wanted.some((key) => keys.has(key))) return;
    if (jobId !== undefined && this.blackListed.has(jobId)) return;
    // An update cannot follow a job that returned to its queue. Nothing is confirmed while the broker blocks.
    if (
      type === "update_process" &&
      this.broker.sent.some((one) => one.jobId === jobId && one.requeues + one.delays > 0)
    )
      return;
    if (type === "stop_worker" && this.broker.troubles > 0) return;
    this.faults.push(`${type} ${jobId ?? ""} was acknowledged without an answer`);
  }
}

const finals = ["job_completed", "job_stopped", "job_error"];
const answersTo: Readonly<Record<string, readonly string[]>> = {
  job: finals,
  init_process: ["worker_initialized", ...finals],
  start_process: ["worker_started", ...finals],
  update_process: ["worker_updated", ...finals],
  stop_process: finals,
  reached_expiration: ["job_error"],
  status: ["worker_status"],
  stop_consuming_jobs: ["worker_status"],
  resume_consuming_jobs: ["worker_status"],
  get_black_list: ["worker_black_list"],
  stop_worker: ["worker_terminated"],
};

function isRefusal(body: Record<string, unknown>): boolean {
  const [{ value = "" } = {}] = body.parameters as { value?: unknown }[];
  return refusals.some((pattern) => pattern.test(String(value)));
}
