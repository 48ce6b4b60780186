import { describe, expect, it } from "vitest";
import { Type } from "../../src/schema/typebox.ts";
import { Secret } from "../../src/worker/secret.ts";
import { errorOf, given, resolve } from "../support/parameters.ts";

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
});
