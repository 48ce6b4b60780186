import { describe, expect, it } from "vitest";
import type { Parameter } from "../../src/order/order.ts";
import { readParameter } from "../../src/parameters/read-wire-parameter.ts";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import { Type } from "../../src/schema/typebox.ts";
import { describeCases } from "../support/cases.ts";
import { type Answer, startHttpServer } from "../support/http-server.ts";
import { type Expected, errorOf, never, order, resolve, type WireType } from "../support/parameters.ts";

interface CredentialInput {
  job: { job_id: number; parameters: Parameter[] };
  parameter: string;
  as: WireType;
  env: Record<string, string>;
  server: Answer[];
}

describeCases<CredentialInput, Expected>("credentials.json", async ({ input, expected }) => {
  await using server = await startHttpServer(input.server);
  const env = Object.fromEntries(
    Object.entries(input.env).map(([k, v]) => [k, v.replace("$" + "{SERVER}", server.url)]),
  );
  const stores = new EnvironmentStores(env, () => undefined);
  const reading = readParameter(order(JSON.stringify(input.job)).parameters, input.parameter, input.as, stores, never);
  if (expected.error) await errorOf(reading);
  else expect(await reading).toEqual(expected.value);
});

describe("EnvironmentStores", () => {
  const schema = Type.Object({ text: Type.Optional(Type.String()), number: Type.Optional(Type.Integer()) });
  const stored = (id: string, store: string, value: unknown) => [{ id, type: "string", store, value }];

  it("returns a string if the schema expects one, and otherwise parses the value as JSON", async () => {
    const env = { NUMBER: "12345" };
    expect((await resolve(schema, stored("text", "env", "NUMBER"), env)).values).toEqual({ text: "12345" });
    expect((await resolve(schema, stored("number", "ENV", "NUMBER"), env)).values).toEqual({ number: 12345 });
  });

  it("is the code of an error if only stores have failed, and else that of their faults", async () => {
    const absent = stored("text", "env", "ABSENT");
    expect(await errorOf(resolve(schema, absent, {}))).toMatchObject({
      code: "STORE_FAILED",
      faults: [{ path: "text", code: "STORE_FAILED" }],
    });
    const wrong = { id: "number", type: "string", value: "x" };
    expect(await errorOf(resolve(schema, [...absent, wrong], {}))).toMatchObject({
      code: "PARAMETERS_INVALID",
      faults: [{ path: "text", code: "STORE_FAILED" }, { path: "number" }],
    });
  });

  it("does not show a value of a store in a fault", async () => {
    const error = await errorOf(resolve(schema, stored("number", "environment", "TEXT"), { TEXT: "s3cret" }));
    expect(error.message).toBe("number: expected integer, got a string that is not shown");
  });

  it("names a number in a secret of a vault or in a credential that JavaScript does not keep", async () => {
    const texts = [
      '{"data":{"data":{"sizes":[1,9007199254740993]}}}',
      '{"access_token":"t"}',
      '{"data":{"value":1e400}}',
    ];
    await using server = await startHttpServer(() => ({ status: 200, json: undefined, text: texts.shift() ?? "" }));
    const env = { vault_HOSTNAME: server.url, MINE_HOSTNAME: server.url };
    const any = Type.Object({ key: Type.Any(), number: Type.Optional(Type.Number()) });
    expect((await errorOf(resolve(any, stored("key", "vault", "k"), env))).message).toMatch(
      /^key\.sizes\[1\]: expected a number that is kept exactly, got a number that is not shown$/m,
    );
    expect((await errorOf(resolve(any, stored("number", "MINE", "k"), env))).message).toMatch(
      /^number: expected a number from/m,
    );
  });

  it("logs in to a backend once for all jobs, escapes keys, and logs in again after the session has ended", async () => {
    let token = "t1";
    const seen: string[] = [];
    await using server = await startHttpServer(({ method, url, headers, body }) => {
      seen.push(`${method} ${url}`);
      if (method === "POST") {
        expect(JSON.parse(body)).toEqual({ session: { email: "w@example.org", password: "p" } });
        return { status: 200, json: { access_token: token } };
      }
      if (headers.authorization !== token) return { status: 401, json: {} };
      return { status: 200, json: { data: { id: 1, key: "k", value: "v", inserted_at: "2026-01-01T00:00:00" } } };
    });
    const env = { MINE_HOSTNAME: `${server.url}/`, MINE_USERNAME: "w@example.org", MINE_PASSWORD: "p" };
    const stores = new EnvironmentStores(env, () => undefined);
    const read = (key: string) => stores.read("MINE", key, never.signal, false);
    expect(await Promise.all([read("a"), read("a/b?c")])).toEqual(["v", "v"]);
    expect(seen.sort()).toEqual(["GET /credentials/a", "GET /credentials/a%2Fb%3Fc", "POST /sessions"]);
    token = "t2";
    seen.length = 0;
    expect(await Promise.all([read("a"), read("b")])).toEqual(["v", "v"]);
    expect(seen.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });

  it("reads all fields of a secret of Vault", async () => {
    await using server = await startHttpServer(({ url, headers }) =>
      headers["x-vault-token"] === "vt" && url === "/secret/data/team/a%20b"
        ? { status: 200, json: { data: { data: { user: "u", password: "pw" } } } }
        : { status: 403, json: {} },
    );
    const stores = new EnvironmentStores({ vault_HOSTNAME: server.url, vault_TOKEN: "vt" }, () => undefined);
    expect(await stores.read("vault", "team/a b", never.signal, false)).toEqual({ user: "u", password: "pw" });
    expect((await errorOf(stores.read("vault", "other", never.signal, false))).message).toMatch(
      /forbidden; check vault_TOKEN/,
    );
  });

  it.each<[string, Answer, RegExp]>([
    [
      "a rejected login",
      { method: "POST", path: "/sessions", status: 401, json: {} },
      /no access_token \(HTTP 401\); check MINE_HOSTNAME, MINE_USERNAME and MINE_PASSWORD/,
    ],
    [
      "a response that is not JSON",
      { method: "POST", path: "/sessions", status: 200, json: undefined },
      /no access_token \(HTTP 200\)/,
    ],
  ])("explains %s", async (_, answer, text) => {
    await using server = await startHttpServer([answer]);
    const stores = new EnvironmentStores({ MINE_HOSTNAME: server.url, MINE_PASSWORD: "s3cret" }, () => undefined);
    const error = await errorOf(stores.read("MINE", "k", never.signal, false));
    expect(error).toMatchObject({ code: "STORE_FAILED" });
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain("s3cret");
  });

  it("explains an unreachable backend and an unknown credential", async () => {
    const gone = await startHttpServer([]);
    await gone[Symbol.asyncDispose]();
    const absent = new EnvironmentStores({ MINE_HOSTNAME: gone.url }, () => undefined);
    const noPort = await errorOf(absent.read("MINE", "k", never.signal, false));
    expect(noPort.message).toMatch(/store MINE: POST http:\/\/127.*check MINE_HOSTNAME/);
    const withUser = new EnvironmentStores(
      { MINE_HOSTNAME: gone.url.replace("//", "//user:s3cret@") },
      () => undefined,
    );
    const refused = await errorOf(withUser.read("MINE", "k", never.signal, false));
    expect(refused).toMatchObject({ code: "ENVIRONMENT_INVALID", message: expect.stringMatching(/^MINE_HOSTNAME: /) });
    expect(refused.message).not.toContain("s3cret");
    await using server = await startHttpServer([
      { method: "POST", path: "/sessions", status: 200, json: { access_token: "t" } },
      { method: "GET", path: "/credentials/k", status: 404, json: {} },
    ]);
    const there = new EnvironmentStores({ MINE_HOSTNAME: server.url }, () => undefined);
    expect((await errorOf(there.read("MINE", "k", never.signal, false))).message).toMatch(/no credential k \(HTTP 404/);
  });

  it("stops waiting when the job is stopped", async () => {
    const controller = new AbortController();
    await using server = await startHttpServer(() => {
      controller.abort(new Error("stop"));
      return undefined;
    });
    const stores = new EnvironmentStores({ MINE_HOSTNAME: server.url }, () => undefined);
    await expect(stores.read("MINE", "k", controller.signal, false)).rejects.toThrow("stop");
  });

  it.each([
    "../../other-mount/data/root",
    "..",
    ".",
    "",
    "a/./b",
    "a//b",
    "/a",
    "a/",
    "a/..",
    "a/..;x/b",
    "%2e%2e/a",
    "a%2Fb",
    "a%5cb",
    "a\\..\\b",
    "a\nb",
    "a\u0000",
    "a\u007f",
    "a\ud800",
    "%u002e%u002e/a",
    "\uff0e\uff0e/a",
    "\u2025/a",
    "a/.\u00ad./b",
    "a/.. /b",
    "..\u2215a",
    "a\uff3c..",
  ])("refuses the key %j without a request", async (key) => {
    const stores = new EnvironmentStores(
      { MINE_HOSTNAME: "http://127.0.0.1:1", vault_HOSTNAME: "http://127.0.0.1:1" },
      () => undefined,
    );
    for (const store of ["vault", "MINE"]) {
      const error = await errorOf(stores.read(store, key, never.signal, true));
      expect(error).toMatchObject({ code: "STORE_FAILED", message: expect.stringContaining("could leave its place") });
      expect(error.message).toContain(`store ${store}: the key ${JSON.stringify(key)} `);
    }
  });

  it.each(["AMQP", "amqp", "AMQP_TLS"])("sends nothing of the broker to a store %j", async (store) => {
    const urls: string[] = [];
    await using server = await startHttpServer(({ url }) => {
      urls.push(url);
      return { status: 200, json: { access_token: "t" } };
    });
    const env = { [`${store}_HOSTNAME`]: server.url, [`${store}_PASSWORD`]: "s3cret" };
    const error = await errorOf(new EnvironmentStores(env, () => undefined).read(store, "key", never.signal, true));
    expect(error).toMatchObject({ code: "STORE_FAILED", message: expect.stringContaining("settings of the broker") });
    expect(urls).toEqual([]);
  });
});
