import * as UserTypebox from "typebox";
import { Check } from "typebox/value";
import { describe, expect, it } from "vitest";
import { defineWorker, Type } from "../../src/index.ts";
import { runJob } from "../../src/testing.ts";

describe("schemas", () => {
  it("accepts schemas that were made with the user's own copy of TypeBox", async () => {
    const { Type: Theirs } = UserTypebox;
    const worker = defineWorker({
      parameters: Theirs.Object({ a: Theirs.String() }),
      process: ({ a }) => ({ parameters: { a } }),
    });
    expect((await runJob(worker, { a: "x" })).parameters).toEqual({ a: "x" });
    expect(Check(Type.Object({ a: Type.String() }), { a: "x" })).toBe(true);
  });
});
