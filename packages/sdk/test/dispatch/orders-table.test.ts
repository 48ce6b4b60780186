import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { BlackList } from "../../src/dispatch/black-list.ts";
import { Dispatcher } from "../../src/dispatch/dispatcher.ts";
import { readSettings } from "../../src/env.ts";
import { createLog } from "../../src/log/log.ts";
import { Redactor } from "../../src/log/redactor.ts";
import { orderSchemas } from "../../src/order/order.ts";
import { toConfiguration } from "../../src/response/worker-configuration.ts";
import { SystemInfo } from "../../src/system-info/system-info.ts";
import type { JobThreadHandle } from "../../src/thread-protocol/job-thread-handle.ts";
import { emptyResult } from "../../src/thread-protocol/messages.ts";
import type { Delivery, Message, Settlement, Transport } from "../../src/transport/transport.ts";

// Runs the tables of docs/orders.md against the dispatcher, so that the page and the code cannot differ.

const page = readFileSync(new URL("../../../../docs/orders.md", import.meta.url), "utf8");
const currentId = 1;
const otherId = 2;

const about = (type: string, job_id: number) => ({ type, job_id, parameters: [] });
const orders: Readonly<Record<string, { readonly body: unknown; readonly direct: boolean }>> = {
  "`job` from the job queue": { body: about("job", otherId), direct: false },
  "`init_process` from the job queue": { body: about("init_process", otherId), direct: false },
  "`job`, direct": { body: about("job", otherId), direct: true },
  "`init_process`, direct": { body: about("init_process", otherId), direct: true },
  "`job`, direct, of the current job": { body: about("job", currentId), direct: true },
  "`init_process`, direct, of the current job": { body: about("init_process", currentId), direct: true },
  "`start_process` of the current job": { body: about("start_process", currentId), direct: true },
  "`start_process` of another job": { body: about("start_process", otherId), direct: true },
  "`update_process` of the current job": { body: about("update_process", currentId), direct: true },
  "`update_process` of another job": { body: about("update_process", otherId), direct: true },
  "`stop_process` of the current job": { body: about("stop_process", currentId), direct: true },
  "`stop_process` of another job": { body: about("stop_process", otherId), direct: true },
  "`reached_expiration` of the current job": { body: about("reached_expiration", currentId), direct: true },
  "`reached_expiration` of another job": { body: about("reached_expiration", otherId), direct: true },
  "`status`": { body: { type: "status" }, direct: true },
  "`stop_consuming_jobs`": { body: { type: "stop_consuming_jobs" }, direct: true },
  "`resume_consuming_jobs`": { body: { type: "resume_consuming_jobs" }, direct: true },
  "`add_to_black_list`": { body: { type: "add_to_black_list", job_id: otherId }, direct: true },
  "`delete_from_black_list`": { body: { type: "delete_from_black_list", job_id: otherId }, direct: true },
  "`get_black_list`": { body: { type: "get_black_list" }, direct: true },
  "`sync_black_list`": { body: { type: "sync_black_list" }, direct: true },
  "`stop_worker`": { body: { type: "stop_worker" }, direct: true },
  "not an order, names the current job": { body: { type: "unknown", job_id: currentId }, direct: true },
  "not an order, names another job": { body: { type: "unknown", job_id: otherId }, direct: true },
  "not an order": { body: "not an object", direct: true },
};

/** A dispatcher with a job thread and a transport that only record. */
class Stage {
  readonly events: string[] = [];
  readonly #dispatcher: Dispatcher;
  #isFinalBlocked = false;

  constructor() {
    const redactor = new Redactor();
    const settings = readSettings({ MCAI_LOG: "silent" });
    const log = createLog(settings.log, { instanceId: "test", queueName: "job_test" }, redactor);
    const worker = {
      ...{ name: "test", version: "1.0.0", description: "A test", shortDescription: "A test" },
      ...{ license: "MIT", authors: [], parameters: {}, hasInitProcess: false },
    };
    const address = { instanceId: "test", queueName: "job_test", directMessagingIdentifier: "test" };
    this.#dispatcher = new Dispatcher({
      ...{ transport: this.#transport, thread: this.#thread, settings, log, hasInitProcess: true },
      configuration: toConfiguration(worker, address),
      systemInfo: new SystemInfo(() => "test"),
      blackList: new BlackList(log),
      onStopWorker: () => this.events.push("*shut down*"),
      onFailure: (error) => this.events.push(error.message),
    });
  }

  readonly #transport: Transport = {
    start: async () => undefined,
    consume: async () => undefined,
    stop: async () => undefined,
    publish: ({ routingKey }: Message) => {
      this.events.push(`\`${routingKey}\``);
      const isFinal = /^job_(completed|stopped|error)$/.test(routingKey);
      return this.#isFinalBlocked && isFinal ? new Promise(() => undefined) : Promise.resolve();
    },
  };

  readonly #thread: JobThreadHandle = {
    launches: 1,
    start: () => Promise.reject(new Error("not used")),
    post: ({ kind }) => void this.events.push(`*${kind}*`),
    replace: async () => undefined,
    stop: async () => true,
  };

  /** Delivers an order and returns what it caused, as the page writes it. */
  async send(body: unknown, direct: boolean): Promise<string> {
    this.events.length = 0;
    let settlement: Settlement | undefined;
    const delivery: Delivery = {
      body: Buffer.from(JSON.stringify(body)),
      origin: "the test",
      ...{ direct, canRequeue: !direct, canCountDeath: false, canDelay: false },
      ...{ redelivered: false, deaths: 0, softRejects: 0, attempt: 1 },
      settle: async (how) => {
        settlement = how;
        return true;
      },
    };
    this.#dispatcher.onDelivery(delivery);
    await nextTurn();
    if (settlement === "requeue") this.events.push("requeued");
    if (settlement === "reject") this.events.push("rejected");
    if (settlement === "acknowledge" && this.events.length === 0) this.events.push("acknowledged");
    if (settlement === undefined && this.events.length === 0) this.events.push("kept");
    return this.events.join(", ");
  }

  async report(kind: "initialised" | "started"): Promise<void> {
    this.#dispatcher.onThreadReport({ kind, serial: 1 });
    await nextTurn();
  }

  async begin(): Promise<void> {
    await this.#dispatcher.start();
  }

  /** The job ends; the broker does not confirm its final response. */
  async end(): Promise<void> {
    this.#isFinalBlocked = true;
    const end = { status: "completed", result: emptyResult } as const;
    this.#dispatcher.onThreadReport({ kind: "ended", serial: 1, end });
    await nextTurn();
  }

  /** Starts to drain, without a current job. */
  async drain(): Promise<void> {
    await this.#dispatcher.stop(0, "drain");
  }

  loseThread(): void {
    this.#dispatcher.onThreadLost("lost by the test");
  }
}

const initialise = async (stage: Stage) => void (await stage.send(about("init_process", currentId), true));
const run = async (stage: Stage) => void (await stage.send(about("job", currentId), true));
const initialised = async (stage: Stage) => {
  await initialise(stage);
  await stage.report("initialised");
};
const startingLive = async (stage: Stage) => {
  await initialised(stage);
  await stage.send(about("start_process", currentId), true);
};
const runningLive = async (stage: Stage) => {
  await startingLive(stage);
  await stage.report("started");
};
const running = async (stage: Stage) => {
  await run(stage);
  await stage.report("started");
};

/** Ways into each state; where there are two, a plain job and one that was initialised first. */
const states: Readonly<Record<string, readonly ((stage: Stage) => Promise<void>)[]>> = {
  idle: [async () => undefined],
  initialising: [initialise],
  initialised: [initialised],
  starting: [run, startingLive],
  running: [running, runningLive],
  ending: [
    async (stage) => {
      await running(stage);
      await stage.end();
    },
    async (stage) => {
      await runningLive(stage);
      await stage.end();
    },
  ],
};
const closedStates: typeof states = {
  suspended: [async (stage) => void (await stage.send({ type: "stop_consuming_jobs" }, true))],
  draining: [(stage) => stage.drain()],
  "without a job thread": [async (stage) => stage.loseThread()],
};

function readTable(heading: string): { columns: string[]; rows: Map<string, string[]> } {
  const section = page.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const [head = [], , ...body] = section
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return { columns: head.slice(1), rows: new Map(body.map(([label = "", ...cells]) => [label, cells])) };
}

for (const [heading, columns, labels] of [
  ["Orders by phase of the current job", states, Object.keys(orders)],
  ["Jobs while the worker takes none", closedStates, Object.keys(orders).slice(0, 4)],
] as const)
  describe(`the table «${heading}» of docs/orders.md`, () => {
    const table = readTable(heading);

    it("has a column for each state and a row for each order", () => {
      expect(table.columns).toEqual(Object.keys(columns));
      expect([...table.rows.keys()]).toEqual(labels);
    });

    for (const [label, cells] of table.rows)
      it(`says what happens to ${label}`, async () => {
        const order = orders[label];
        if (!order) throw new Error(`the page has a row that the test does not know: ${label}`);
        const observed: string[] = [];
        for (const ways of Object.values(columns)) {
          const results = new Set<string>();
          for (const enter of ways) {
            const stage = new Stage();
            await stage.begin();
            await enter(stage);
            results.add(await stage.send(order.body, order.direct));
          }
          observed.push([...results].join(" or "));
        }
        expect(cells).toEqual(observed);
      });
  });

it("names every order in docs/orders.md", () => {
  for (const type of Object.keys(orderSchemas)) expect(page).toContain(`\`${type}\``);
});
