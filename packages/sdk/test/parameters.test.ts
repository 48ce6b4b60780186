import { describe, expect, it } from "vitest";
import { McaiError } from "../src/errors.ts";
import { decodeOrder } from "../src/order/decode.ts";
import type { OrderOf, Parameter } from "../src/order/order.ts";
import { ParameterError } from "../src/parameters/faults.ts";
import { readParameter } from "../src/parameters/read-wire-parameter.ts";
import { findMissingRequirements } from "../src/parameters/requirements.ts";
import { resolveParameters } from "../src/parameters/resolve.ts";
import { EnvironmentStores } from "../src/parameters/store.ts";
import { mergeUpdate } from "../src/parameters/update.ts";
import { type TObject, Type } from "../src/schema/typebox.ts";
import { Secret } from "../src/worker/secret.ts";
import { describeCases } from "./cases.ts";
import { type Answer, startHttpServer } from "./http-server.ts";

const never = { signal: new AbortController().signal };
const order = (message: string) => decodeOrder(Buffer.from(message)) as OrderOf<"job">;
const given = (values: Record<string, unknown>): Parameter[] =>
  Object.entries(values).map(([id, value]) => ({ id, type: "string", store: null, value, default: null }));
const resolve = (schema: TObject, parameters: Parameter[], env: Record<string, string> = {}) =>
  resolveParameters(schema, parameters, new EnvironmentStores(env), never);

async function errorOf(promise: Promise<unknown>): Promise<McaiError> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(McaiError);
  return error as McaiError;
}

type Expected = { error?: { kind: string }; value?: unknown; parameters?: unknown };

describeCases<{ message: string; schema?: TObject; env?: Record<string, string> }, Expected>(
  "job_parameters.json",
  async ({ input, expected }) => {
    const schema = input.schema ?? Type.Object({ key: Type.String() });
    const resolving = resolve(schema, order(input.message).parameters, input.env);
    if (expected.error) expect(await errorOf(resolving)).toBeInstanceOf(ParameterError);
    else expect((await resolving).values).toEqual(expected.parameters);
  },
);

type WireType = Parameters<typeof readParameter>[2];

// A value of each type of the reference: read under the name that the case gives, it must come back.
const samples: Record<string, unknown> = {
  String: "a",
  i64: 1,
  f64: 1.5,
  bool: true,
  "Vec<String>": ["a"],
  "Vec<MediaSegment>": [{ start: 0, end: 1 }],
  Requirement: { paths: ["/a"] },
};

describeCases<
  { rust_type?: string; type: WireType; value: unknown; store?: string | null; env?: Record<string, string> },
  Expected & { type?: string }
>("parameter_values.json", async ({ input, expected }) => {
  if (input.rust_type !== undefined) {
    const sample = samples[input.rust_type];
    const type = expected.type as WireType;
    expect(
      await readParameter([{ id: "p", type, value: sample }], "p", type, new EnvironmentStores({}), never),
    ).toEqual(sample);
    return;
  }
  const parameter = { id: "p", type: input.type, store: input.store ?? null, value: input.value, default: null };
  const reading = readParameter([parameter], "p", input.type, new EnvironmentStores(input.env ?? {}), never);
  if (expected.error) expect(["PARAMETERS_INVALID", "STORE_FAILED"]).toContain((await errorOf(reading)).code);
  else expect(await reading).toEqual(expected.value);
});

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
  const stores = new EnvironmentStores(env);
  const reading = readParameter(order(JSON.stringify(input.job)).parameters, input.parameter, input.as, stores, never);
  if (expected.error) await errorOf(reading);
  else expect(await reading).toEqual(expected.value);
});

describeCases<{ message: string }, { error?: unknown; requirements?: { kind: string } }>(
  "job_parsing.json",
  async ({ input, expected }) => {
    if (expected.error) return expect(() => order(input.message)).toThrow(McaiError);
    const { parameters } = order(input.message);
    const missing = await findMissingRequirements(parameters, new EnvironmentStores({}), never);
    expect(missing.length > 0).toBe(expected.requirements?.kind === "RequirementsError");
  },
);

describe("resolveParameters", () => {
  const schema = Type.Object({
    path: Type.String(),
    threshold: Type.Number({ default: 0.5 }),
    tiles: Type.Optional(Type.Array(Type.Object({ width: Type.Integer({ minimum: 1 }) }), { default: [] })),
    mode: Type.Optional(Type.Union([Type.Literal("fast"), Type.Literal("good")])),
  });

  it("takes the value, else the default, else the schema's default; null is absent", async () => {
    const parameters: Parameter[] = [
      { id: "path", type: "string", value: null, default: "/a" },
      { id: "threshold", type: "float", value: null, default: null },
      { id: "unknown", type: "string", value: "ignored" },
      { id: "__proto__", type: "string", value: { polluted: true } },
    ];
    expect((await resolve(schema, parameters)).values).toEqual({ path: "/a", threshold: 0.5, tiles: [] });
    expect({}).not.toHaveProperty("polluted");
  });

  it("takes a default from inside a value that has none itself", async () => {
    const deep = Type.Object({ tiles: Type.Array(Type.Object({ width: Type.Integer({ default: 4 }) })) });
    expect((await resolve(deep, given({ tiles: [{}, { width: 8 }] }))).values).toEqual({
      tiles: [{ width: 4 }, { width: 8 }],
    });
  });

  it("lets the last of two parameters with one id count", async () => {
    const { values } = await resolve(schema, [...given({ path: "/a" }), ...given({ path: "/b" })]);
    expect(values.path).toBe("/b");
  });

  it("keeps null where the schema takes null", async () => {
    const nullable = Type.Object({ note: Type.Union([Type.String(), Type.Null()]) });
    expect((await resolve(nullable, given({ note: null }))).values).toEqual({ note: null });
  });

  it("leaks nothing from one job to the next", async () => {
    const first = await resolve(schema, given({ path: "/a" }));
    (first.values.tiles as unknown[]).push("mine");
    expect((await resolve(schema, given({ path: "/b" }))).values).toEqual({ path: "/b", threshold: 0.5, tiles: [] });
  });

  it("coerces nothing, and says path, value and what was expected", async () => {
    const wrong = { threshold: "8", tiles: [{ width: 4 }, { width: 0 }, { width: "x" }], mode: "slow" };
    const error = (await errorOf(resolve(schema, given(wrong)))) as ParameterError;
    expect(error.message.split("\n")).toEqual([
      "path: is missing, expected string",
      'threshold: expected number, got "8" (string)',
      "tiles[1].width: expected integer that must be >= 1, got 0 (number)",
      'tiles[2].width: expected integer, got "x" (string)',
      'mode: expected "fast" or "good", got "slow" (string)',
    ]);
    expect(error.faults.map(({ path }) => path)).toContain("tiles[1].width");
  });

  it("has a line for each of 50 faults, of whatever kind", async () => {
    const names = Array.from({ length: 25 }, (_, i) => `p${i}`);
    const big = Type.Object(
      Object.fromEntries([...names, ...names.map((n) => `q${n}`)].map((n) => [n, Type.Integer()])),
    );
    const error = await errorOf(resolve(big, given(Object.fromEntries(names.map((name) => [name, "x"])))));
    expect(error.message.split("\n")).toHaveLength(50);
    const stored = names.map((id) => ({ id, type: "integer", store: "env", value: `NO_${id}` }));
    const lines = (await errorOf(resolve(big, stored))).message.split("\n");
    expect(lines).toHaveLength(50);
    expect(lines[0]).toBe("p0: store env: the environment variable NO_p0 is not set");
  });
});

describe("stores", () => {
  const schema = Type.Object({ text: Type.Optional(Type.String()), number: Type.Optional(Type.Integer()) });
  const stored = (id: string, store: string, value: unknown) => [{ id, type: "string", store, value }];

  it("keeps a text from a store a text where the schema wants one, and reads it as JSON elsewhere", async () => {
    const env = { NUMBER: "12345" };
    expect((await resolve(schema, stored("text", "env", "NUMBER"), env)).values).toEqual({ text: "12345" });
    expect((await resolve(schema, stored("number", "ENV", "NUMBER"), env)).values).toEqual({ number: 12345 });
  });

  it("does not show what came from a store", async () => {
    const error = await errorOf(resolve(schema, stored("number", "environment", "KEY"), { KEY: "s3cret" }));
    expect(error.message).toBe("number: expected integer, got a string that is not shown");
  });

  it("logs in to a backend once for all jobs, escapes keys, and again when the session has ended", async () => {
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
    const stores = new EnvironmentStores(env);
    const read = (key: string) => stores.read("MINE", key, never.signal);
    expect(await Promise.all([read("a"), read("a/b?c")])).toEqual(["v", "v"]);
    expect(seen.sort()).toEqual(["GET /credentials/a", "GET /credentials/a%2Fb%3Fc", "POST /sessions"]);
    token = "t2";
    seen.length = 0;
    expect(await Promise.all([read("a"), read("b")])).toEqual(["v", "v"]);
    expect(seen.filter((line) => line.startsWith("POST"))).toHaveLength(1);
  });

  it("reads a vault's secret whole", async () => {
    await using server = await startHttpServer(({ url, headers }) =>
      headers["x-vault-token"] === "vt" && url === "/secret/data/team/a%20b"
        ? { status: 200, json: { data: { data: { user: "u", password: "pw" } } } }
        : { status: 403, json: {} },
    );
    const stores = new EnvironmentStores({ vault_HOSTNAME: server.url, vault_TOKEN: "vt" });
    expect(await stores.read("vault", "team/a b", never.signal)).toEqual({ user: "u", password: "pw" });
    expect((await errorOf(stores.read("vault", "other", never.signal))).message).toMatch(
      /forbidden; check vault_TOKEN/,
    );
  });

  it.each<[string, Answer, RegExp]>([
    [
      "a refused login",
      { method: "POST", path: "/sessions", status: 401, json: {} },
      /no access_token \(HTTP 401\); check MINE_HOSTNAME, MINE_USERNAME and MINE_PASSWORD/,
    ],
    [
      "an answer that is no JSON",
      { method: "POST", path: "/sessions", status: 200, json: undefined },
      /no access_token \(HTTP 200\)/,
    ],
  ])("explains %s", async (_, answer, text) => {
    await using server = await startHttpServer([answer]);
    const stores = new EnvironmentStores({ MINE_HOSTNAME: server.url, MINE_PASSWORD: "s3cret" });
    const error = await errorOf(stores.read("MINE", "k", never.signal));
    expect(error).toMatchObject({ code: "STORE_FAILED" });
    expect(error.message).toMatch(text);
    expect(error.message).not.toContain("s3cret");
  });

  it("explains a backend that is not there, and a credential that it has not", async () => {
    const gone = await startHttpServer([]);
    await gone[Symbol.asyncDispose]();
    const absent = new EnvironmentStores({ MINE_HOSTNAME: gone.url.replace("//", "//user:s3cret@") });
    const noPort = await errorOf(absent.read("MINE", "k", never.signal));
    expect(noPort.message).toMatch(/store MINE: POST http:\/\/127.*check MINE_HOSTNAME/);
    expect(noPort.message).not.toContain("s3cret");
    await using server = await startHttpServer([
      { method: "POST", path: "/sessions", status: 200, json: { access_token: "t" } },
      { method: "GET", path: "/credentials/k", status: 404, json: {} },
    ]);
    const there = new EnvironmentStores({ MINE_HOSTNAME: server.url });
    expect((await errorOf(there.read("MINE", "k", never.signal))).message).toMatch(/no credential k \(HTTP 404/);
  });

  it("stops waiting when the job is stopped", async () => {
    const controller = new AbortController();
    await using server = await startHttpServer(() => {
      controller.abort(new Error("stop"));
      return undefined;
    });
    const stores = new EnvironmentStores({ MINE_HOSTNAME: server.url });
    await expect(stores.read("MINE", "k", controller.signal)).rejects.toThrow("stop");
  });
});

describe("Secret", () => {
  it("is a writeOnly string whose value is never in a fault", async () => {
    const schema = Type.Object({ token: Secret({ minLength: 20 }) });
    expect(JSON.parse(JSON.stringify(schema.properties.token))).toEqual({
      type: "string",
      minLength: 20,
      writeOnly: true,
    });
    const error = await errorOf(resolve(schema, given({ token: "s3cret" })));
    expect(error.message).toMatch(/^token: expected string that must .* got a string that is not shown$/);
    expect((await resolve(schema, given({ token: "s3cret-s3cret-s3cret" }))).secrets).toEqual(["s3cret-s3cret-s3cret"]);
  });
});

describe("mergeUpdate", () => {
  const schema = Type.Object({ source_path: Type.String(), threshold: Type.Number({ maximum: 1 }), n: Type.Integer() });
  const current = { source_path: "/a", threshold: 0.5, n: 1 };
  const merge = (values: Record<string, unknown>) =>
    mergeUpdate(schema, current, given(values), new EnvironmentStores({}), never);

  it("gives the merge and the difference", async () => {
    expect(await merge({ threshold: 0.7, n: 1, source_path: "/a" })).toMatchObject({
      values: { source_path: "/a", threshold: 0.7, n: 1 },
      changed: { threshold: 0.7 },
    });
    expect((await merge({ threshold: null })).changed).toEqual({});
  });

  it("validates the merge and keeps source and destination", async () => {
    expect((await errorOf(merge({ threshold: 2 }))).message).toMatch(/^threshold: /);
    expect((await errorOf(merge({ source_path: "/b" }))).message).toBe("source_path: cannot change while the job runs");
  });
});

describe("requirements", () => {
  const missing = (value: unknown) =>
    findMissingRequirements([{ id: "requirements", type: "requirements", value }], new EnvironmentStores({}), never);

  it("names the files that are not there", async () => {
    const here = import.meta.filename;
    expect(await missing({ paths: [here, "/no/such", `${here}/inside`] })).toEqual(["/no/such", `${here}/inside`]);
    expect(await missing({})).toEqual([]);
    expect(await missing(null)).toEqual([]);
  });

  it("refuses requirements of another form", async () => {
    expect((await errorOf(missing({ paths: "/a" }))).message).toMatch(/^requirements: expected requirements, got/);
  });
});
