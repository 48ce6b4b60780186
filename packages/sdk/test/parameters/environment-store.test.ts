import { describe, expect, it } from "vitest";
import { Secret, Type } from "../../src/index.ts";
import { EnvironmentStore } from "../../src/parameters/environment-store.ts";
import { findMissingRequirements } from "../../src/parameters/requirements.ts";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import { errorOf, never, resolve } from "../support/parameters.ts";

const environment = {
  LANG: "de",
  SOURCE_PATH: "/a.mp4",
  MONKEY: "m",
  KEYBOARD: "k",
  AWS_SECRET_ACCESS_KEY: "s3cret",
  DB_PASSWD: "s3cret",
  lower_key: "k",
  GOOGLE_CREDENTIALS: "s3cret",
  API_TOKEN: "s3cret",
  PASS: "s3cret",
  AMQP_PASSWORD: "s3cret",
  AMQP_HOSTNAME: "s3cret",
  AMQP_TLS_CLIENT_KEY: "s3cret",
  BACKEND_PASSWORD: "s3cret",
  VAULT_TOKEN: "s3cret",
  vault_TOKEN: "s3cret",
  MINE_HOSTNAME: "http://mine/api",
  MINE_PASSWORD: "s3cret",
  FTP_PASSWORD: "s3cret",
};
const ordinary = ["LANG", "SOURCE_PATH", "MONKEY", "KEYBOARD", "lower_key", "MINE_HOSTNAME"];
const secret = ["AWS_SECRET_ACCESS_KEY", "DB_PASSWD", "GOOGLE_CREDENTIALS", "API_TOKEN", "PASS", "FTP_PASSWORD"];
const own = Object.keys(environment).filter((name) => ![...ordinary, ...secret].includes(name));

const readable = (intoSecret: boolean, names?: string) => {
  const store = new EnvironmentStore({ ...environment, ...(names !== undefined && { MCAI_ENV_STORE: names }) });
  return Object.keys(environment).filter((name) => {
    try {
      return store.read("env", name, intoSecret) !== undefined;
    } catch (error) {
      expect(error).toMatchObject({
        code: "STORE_FAILED",
        message: expect.stringMatching(new RegExp(`environment variable ${name} .*MCAI_ENV_STORE`)),
      });
      expect(String(error)).not.toContain("s3cret");
      return false;
    }
  });
};

describe("EnvironmentStore", () => {
  it("has secrets for Secret() parameters only, and never the credentials of the worker", () => {
    expect(own).toHaveLength(7);
    for (const names of [undefined, ""]) {
      expect(readable(false, names)).toEqual(ordinary.filter((name) => name in environment).sort(byEnvironment));
      expect(readable(true, names)).toEqual([...ordinary, ...secret].sort(byEnvironment));
    }
  });

  it.each([
    ["LANG", ["LANG"]],
    ["LANG, SOURCE_*", ["LANG", "SOURCE_PATH"]],
    ["*KEY", ["MONKEY", "AWS_SECRET_ACCESS_KEY"]],
    ["*A*T*", ["SOURCE_PATH", "AWS_SECRET_ACCESS_KEY", "API_TOKEN"]],
    ["L.NG,LAN", []],
    ["-", []],
    ["AMQP_*,VAULT_TOKEN,MINE_PASSWORD", []],
    ["*", [...ordinary, ...secret]],
  ])("has only the names of MCAI_ENV_STORE=%s", (names, expected) => {
    for (const intoSecret of [false, true])
      expect(readable(intoSecret, names)).toEqual([...expected].sort(byEnvironment));
  });

  it("is asked by every parameter of an order", async () => {
    const schema = Type.Object({ source_path: Type.Optional(Type.String()), password: Type.Optional(Secret()) });
    const stored = (id: string, value: string) => [{ id, type: "string", store: "ENV", value }];
    const refused = await errorOf(resolve(schema, stored("source_path", "AWS_SECRET_ACCESS_KEY"), environment));
    expect(refused.message).toMatch(/^source_path: store ENV: .*AWS_SECRET_ACCESS_KEY.*MCAI_ENV_STORE/);
    const read = await resolve(schema, stored("password", "AWS_SECRET_ACCESS_KEY"), environment);
    expect(read.values).toEqual({ password: "s3cret" });
    const requirements = [{ id: "requirements", type: "requirements", store: "environment", value: "API_TOKEN" }];
    const missing = findMissingRequirements(requirements, new EnvironmentStores(environment, () => undefined), never);
    expect((await errorOf(missing)).message).toMatch(/API_TOKEN.*MCAI_ENV_STORE/);
  });
});

function byEnvironment(a: string, b: string): number {
  return Object.keys(environment).indexOf(a) - Object.keys(environment).indexOf(b);
}
