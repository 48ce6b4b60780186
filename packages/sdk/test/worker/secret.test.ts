import { describe, expect, it } from "vitest";
import { resolveParameters } from "../../src/parameters/resolve.ts";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import { Type } from "../../src/schema/typebox.ts";
import { Secret } from "../../src/worker/secret.ts";
import { errorOf, given, never, resolve } from "../support/parameters.ts";

describe("Secret", () => {
  it("is a writeOnly string whose value never appears in a fault", async () => {
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

  it("is kept from the log wherever it is, also if the order is refused", async () => {
    const login = Type.Object({ user: Type.String(), password: Secret() });
    const schema = Type.Object({
      logins: Type.Optional(Type.Array(Type.Union([Type.Null(), login]))),
      byName: Type.Optional(Type.Record(Type.String(), login)),
      count: Type.Optional(Type.Integer()),
    });
    const values = {
      logins: [{ user: "u", password: "first" }, null],
      byName: { a: { user: "u", password: "third" } },
    };
    expect((await resolve(schema, given(values))).secrets.sort()).toEqual(["first", "third"]);
    const kept: unknown[] = [];
    const stores = new EnvironmentStores({}, (secret) => kept.push(secret));
    await errorOf(resolveParameters(schema, given({ ...values, count: "x" }), stores, never));
    expect(kept.sort()).toEqual(["first", "third"]);
    const error = await errorOf(resolve(schema, given({ byName: { a: { user: 5, password: "third" } } })));
    expect(error.message).not.toContain("third");
    expect((await errorOf(resolve(schema, given({ logins: { password: "first" } })))).message).not.toContain("first");
  });
});
