import { describe, expect, it } from "vitest";
import { BackendSession } from "../../src/backend/session.ts";
import { readStoreAccess } from "../../src/env/stores.ts";
import { Backend } from "../support/backend.ts";

const never = new AbortController().signal;
const open = (backend: Backend) =>
  new BackendSession("BACKEND", readStoreAccess(backend.env, "BACKEND"), () => undefined);
const asked = (backend: Backend) => backend.requests.map(({ method, path, status }) => `${method} ${path} ${status}`);

describe("BackendSession", () => {
  it("logs in, and logs in again after the session has ended", async () => {
    await using backend = await Backend.start({ credentials: { "a/b": "secret" }, version: "1.9.0" });
    const session = open(backend);
    expect(await session.credential("a/b", never)).toBe("secret");
    backend.expireTokens();
    const answer = await session.request("GET", "/step_flow", never);
    expect(answer.field("version")).toBe("1.9.0");
    expect(asked(backend)).toEqual([
      "POST /sessions 200",
      "GET /credentials/a%2Fb 200",
      "GET /step_flow 401",
      "POST /sessions 200",
      "GET /step_flow 200",
    ]);
    await expect(session.credential("c", never)).rejects.toThrow("no credential c (HTTP 404");
  });

  it("says what to check when the login is rejected", async () => {
    await using backend = await Backend.start();
    const access = { ...readStoreAccess(backend.env, "BACKEND"), password: "another" };
    const asking = new BackendSession("BACKEND", access, () => undefined).request("GET", "/step_flow", never);
    await expect(asking).rejects.toThrow(/HTTP 401.*BACKEND_PASSWORD/);
    expect(asked(backend)).toEqual(["POST /sessions 401"]);
  });

  it("reads the black list and removes a job from it", async () => {
    await using backend = await Backend.start({ blackList: [3, 5] });
    const session = open(backend);
    expect((await session.request("GET", "/step_flow/blacklist", never)).field("data")).toEqual([3, 5]);
    const deleted = await session.request("DELETE", "/step_flow/blacklist/3", never);
    expect([deleted.field("data"), deleted.field("total")]).toEqual([[5], 1]);
    expect(await backend.answered("DELETE", "/step_flow/blacklist/3")).toMatchObject({ authorization: "token-1" });
  });

  it("recovers from a backend that fails, sends invalid JSON, is slow, or is unreachable for a while", async () => {
    await using backend = await Backend.start({ blackList: [3] });
    const session = open(backend);
    const read = async () => (await session.request("GET", "/step_flow/blacklist", never)).field("data");

    backend.fail({ status: 503 }, "/step_flow/blacklist");
    expect(await read()).toBeUndefined();
    backend.fail({ rubbish: true }, "/step_flow/blacklist");
    expect(await read()).toBeUndefined();
    backend.heal();
    expect(await read()).toEqual([3]);

    let answer = () => {};
    backend.fail({ until: new Promise<void>((resolve) => (answer = resolve)) });
    let answered = false;
    const arrived = backend.arrived();
    const slow = read().finally(() => (answered = true));
    await arrived;
    expect(answered).toBe(false);
    answer();
    expect(await slow).toEqual([3]);

    await backend.goAway();
    await expect(read()).rejects.toThrow(/GET .*\/step_flow\/blacklist failed: (ECONNREFUSED|UND_ERR_SOCKET)/);
    await backend.comeBack();
    expect(await read()).toEqual([3]);
  });
});
