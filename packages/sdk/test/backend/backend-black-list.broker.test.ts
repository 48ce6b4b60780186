import { afterAll, expect, it } from "vitest";
import { Backend } from "../support/backend.ts";
import { useVirtualHost } from "../support/broker.ts";
import { startWorker, type WorkerOnBroker } from "../support/broker-worker.ts";
import { job, openWorkersFolder } from "../support/run-local.ts";

const virtualHost = useVirtualHost();
const folder = await openWorkersFolder();
const opened: { close(): Promise<void> }[] = [{ close: () => folder.remove() }];
afterAll(async () => {
  for (const one of opened.reverse()) await one.close();
});

async function start(backend: Backend): Promise<WorkerOnBroker> {
  const worker = await startWorker(folder, virtualHost(), { env: backend.env });
  opened.push(worker);
  return worker;
}

const timeout = 30_000;

it("drops a job of the backend's list without a word, and takes it off", { timeout }, async () => {
  await using backend = await Backend.start({ blackList: [80, 81] });
  const { wire } = await start(backend);
  await wire.sendJob(job(80));
  await wire.sendJob(job(1));
  await wire.next("job_completed", 1);
  expect(wire.kinds(80)).toEqual([]);
  expect([...backend.blackList]).toEqual([81]);
  // Off the list, it is done.
  await wire.sendJob(job(80));
  await wire.next("job_completed", 80);
});

it("does what orders say of it, and reads it again when it is told to", { timeout }, async () => {
  await using backend = await Backend.start();
  const { wire } = await start(backend);
  const list = async () => {
    await wire.sendDirect({ type: "get_black_list" });
    return (await wire.next("worker_black_list")).body.black_list.job_ids;
  };
  await wire.sendDirect({ type: "add_to_black_list", job_id: 7 });
  await wire.sendDirect({ type: "add_to_black_list", job_id: 8 });
  await wire.sendDirect({ type: "delete_from_black_list", job_id: 7 });
  expect(await list()).toEqual([8]);
  backend.blackList.add(9);
  await wire.sendDirect({ type: "sync_black_list" });
  expect(await list()).toEqual([9]);
  // A sync that fails leaves it as it was.
  backend.fail({ status: 500 });
  await wire.sendDirect({ type: "sync_black_list" });
  expect(await list()).toEqual([9]);
});

it.each([
  ["1.6.0", [5]],
  ["1.6.0-rc1", []],
  ["1.5.9", []],
  ["2.0.0-alpha", [5]],
] as const)("is that of a backend of version %s: %j", { timeout }, async (version, expected) => {
  await using backend = await Backend.start({ version, blackList: [5] });
  const { wire } = await start(backend);
  await wire.sendDirect({ type: "get_black_list" });
  expect((await wire.next("worker_black_list")).body.black_list.job_ids).toEqual(expected);
});

it("holds no worker back whose backend is absent, and is read as soon as it is there", { timeout }, async () => {
  await using backend = await Backend.start({ blackList: [5] });
  await backend.goAway();
  const { wire, run } = await start(backend);
  await run.waitFor(/WARN - The black list cannot be read now: .*ECONNREFUSED/);
  await wire.sendJob(job(1));
  await wire.next("job_completed", 1);
  await backend.comeBack();
  await backend.answered("GET", "/step_flow/blacklist");
  await run.waitFor(/Black listed jobs: 5/);
});

it.each([
  ["answers rubbish", { rubbish: true }],
  ["fails", { status: 503 }],
] as const)("holds no worker back whose backend %s", { timeout }, async (_, fault) => {
  await using backend = await Backend.start({ blackList: [5] });
  backend.fail(fault);
  const { wire, run } = await start(backend);
  await run.waitFor(/WARN - The black list cannot be read now/);
  await wire.sendJob(job(1));
  await wire.next("job_completed", 1);
});
