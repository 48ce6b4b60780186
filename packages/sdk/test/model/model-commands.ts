import { setTimeout as delay } from "node:timers/promises";
import fc from "fast-check";
import { behaviours } from "./model-worker.ts";
import type { ModelWorld } from "./model-world.ts";

type Action = (world: ModelWorld) => unknown;

/** One step of a sequence. The model has no state: what must hold is checked at the end. */
class Step implements fc.AsyncCommand<object, ModelWorld> {
  readonly #name: string;
  readonly #action: Action;

  constructor(name: string, action: Action) {
    this.#name = name;
    this.#action = action;
  }

  check = () => true;

  async run(_model: object, world: ModelWorld): Promise<void> {
    await this.#action(world);
  }

  toString = () => this.#name;
}

const step = (name: string, action: Action) => new Step(name, action);

interface How {
  readonly direct?: boolean;
  readonly redelivered?: boolean;
  readonly deaths?: number;
  readonly softRejects?: number;
}

function send(world: ModelWorld, order: { type: string; job_id?: number; parameters?: object[] }, how: How = {}): void {
  const { direct = true, redelivered = false, deaths = 0, softRejects = 0 } = how;
  const body = Buffer.from(JSON.stringify(order));
  world.broker.send({ type: order.type, jobId: order.job_id, body, direct, redelivered, deaths, softRejects });
}

const does = fc.constantFrom(...behaviours, "no such behaviour");
const seldom = fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, fc.nat(4));
const missing = fc.oneof({ weight: 8, arbitrary: fc.constant(false) }, fc.boolean());
const parametersOf = (behaviour: string, isMissing: boolean) => [
  { id: "does", type: "string", value: behaviour },
  ...(isMissing ? [{ id: "requirements", type: "requirements", value: { paths: ["/no/such/file"] } }] : []),
];

const job = fc
  .tuple(does, missing, fc.boolean(), fc.boolean(), seldom, seldom)
  .map(([behaviour, isMissing, direct, redelivered, deaths, softRejects]) => {
    const how = { direct, redelivered, deaths, softRejects };
    return step(`job ${behaviour} ${JSON.stringify({ isMissing, ...how })}`, (world) =>
      send(world, { type: "job", job_id: world.nextId++, parameters: parametersOf(behaviour, isMissing) }, how),
    );
  });

const initialise = fc.tuple(does, missing).map(([behaviour, isMissing]) =>
  step(`init_process ${behaviour} ${isMissing}`, (world) => {
    send(world, { type: "init_process", job_id: world.nextId++, parameters: parametersOf(behaviour, isMissing) });
  }),
);

// The job is one of the last; a negative one does not exist yet.
const about = fc
  .tuple(
    fc.constantFrom("start_process", "update_process", "stop_process", "reached_expiration", "job", "init_process"),
    fc.integer({ min: -1, max: 3 }),
    fc.constantFrom(1, 2, 13),
    fc.integer({ min: 1, max: 12 }),
  )
  .map(([type, back, level, times]) => {
    const count = type === "update_process" ? times : 1;
    return step(`${count} × ${type} of the job ${back} back, level ${level}`, (world) => {
      const parameters = [{ id: "level", type: "integer", value: level }];
      for (let i = 0; i < count; i++) send(world, { type, job_id: Math.max(0, world.nextId - 1 - back), parameters });
    });
  });

const aboutWorker = fc
  .constantFrom("status", "stop_consuming_jobs", "resume_consuming_jobs", "get_black_list", "sync_black_list")
  .map((type) => step(type, (world) => send(world, { type })));

const blackList = fc
  .tuple(fc.constantFrom("add_to_black_list", "delete_from_black_list"), fc.integer({ min: -2, max: 2 }))
  .map(([type, back]) =>
    step(`${type} of the job ${back} back`, (world) => {
      const jobId = Math.max(0, world.nextId - 1 - back);
      world.blackListed.add(jobId);
      send(world, { type, job_id: jobId });
    }),
  );

const malformed = fc.constantFrom("{", "[]", '{"type":"job"}', '{"type":"dance"}', "\xff").map((text) =>
  step(`malformed ${text}`, ({ broker }) =>
    broker.send({
      ...{ type: "malformed", jobId: undefined, body: Buffer.from(text, "latin1"), direct: true },
      ...{ redelivered: false, deaths: 0, softRejects: 0 },
    }),
  ),
);

const faults = fc.oneof(
  fc.constant(step("cut", ({ broker }) => broker.cut())),
  fc.constant(step("restore", ({ broker }) => broker.restore())),
  fc.boolean().map((isBlocked) => step(`block ${isBlocked}`, ({ broker }) => broker.block(isBlocked))),
  fc.integer({ min: 1, max: 5 }).map((count) => step(`refuse ${count}`, ({ broker }) => broker.refuse(count))),
  fc.constant(step("kill the thread", ({ thread }) => void thread.kill())),
);

const pause = fc.integer({ min: 0, max: 8 }).map((ms) => step(`wait ${ms} ms`, () => delay(ms)));
const end = fc.oneof(
  fc.integer({ min: 0, max: 20 }).map((ms) => step(`signal, ${ms} ms to finish`, (world) => void world.stop(ms))),
  fc.constant(step("stop_worker", (world) => send(world, { type: "stop_worker" }))),
);

/** Sequences of the fourteen orders, faults, pauses and signals. */
export const sequences = fc.commands(
  [job, job, initialise, about, about, aboutWorker, blackList, malformed, faults, faults, pause, pause, pause, end],
  { maxCommands: 40, size: "max" },
);
