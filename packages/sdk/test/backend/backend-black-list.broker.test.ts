import { describe, expect, it } from "vitest";
import { Backend } from "../support/backend.ts";
import { useVirtualHost } from "../support/broker.ts";
import { job } from "../support/run-local.ts";
import { useWorkers } from "../support/use-workers.ts";

const virtualHost = useVirtualHost();
const workers = await useWorkers(virtualHost);
const start = (backend: Backend) => workers.start({ env: backend.env });

describe("BackendBlackList", { timeout: 30_000 }, () => {
  it("drops a job of the backend's black list without a response, and removes it from the list", async () => {
    await using backend = await Backend.start({ blackList: [80, 81] });
    const { wire } = await start(backend);
    await wire.sendJob(job(80));
    await wire.sendJob(job(1));
    await wire.next("job_completed", 1);
    expect(wire.kinds(80)).toEqual([]);
    expect([...backend.blackList]).toEqual([81]);
    // Once removed, the job runs.
    await wire.sendJob(job(80));
    await wire.next("job_completed", 80);
  });

  it("changes the black list by orders, and reads it again on sync_black_list", async () => {
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
    // A sync that fails leaves the list unchanged.
    backend.fail({ status: 500 });
    await wire.sendDirect({ type: "sync_black_list" });
    expect(await list()).toEqual([9]);
  });

  it.each([
    ["1.6.0", [5]],
    ["1.6.0-rc1", []],
    ["1.5.9", []],
    ["2.0.0-alpha", [5]],
  ] as const)("reads from a backend of version %s the list %j", async (version, expected) => {
    await using backend = await Backend.start({ version, blackList: [5] });
    const { wire } = await start(backend);
    await wire.sendDirect({ type: "get_black_list" });
    expect((await wire.next("worker_black_list")).body.black_list.job_ids).toEqual(expected);
  });

  it("starts the worker while its backend is unreachable, and reads the list as soon as it is reachable", async () => {
    await using backend = await Backend.start({ blackList: [5] });
    await backend.goAway();
    const { wire, run } = await start(backend);
    await run.waitFor(/WARN - The black list could not be read: .*ECONNREFUSED/);
    await wire.sendJob(job(1));
    await wire.next("job_completed", 1);
    await backend.comeBack();
    await backend.answered("GET", "/step_flow/blacklist");
    await run.waitFor(/Black listed jobs: 5/);
  });

  it.each([
    ["sends invalid JSON", { rubbish: true }],
    ["fails", { status: 503 }],
  ] as const)("starts the worker when its backend %s", async (_, fault) => {
    await using backend = await Backend.start({ blackList: [5] });
    backend.fail(fault);
    const { wire, run } = await start(backend);
    await run.waitFor(/WARN - The black list could not be read/);
    await wire.sendJob(job(1));
    await wire.next("job_completed", 1);
  });
});
