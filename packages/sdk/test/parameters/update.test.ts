import { describe, expect, it } from "vitest";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import { mergeUpdate } from "../../src/parameters/update.ts";
import { Type } from "../../src/schema/typebox.ts";
import { errorOf, given, never, order } from "../support/parameters.ts";

describe("mergeUpdate", () => {
  const schema = Type.Object({ source_path: Type.String(), threshold: Type.Number({ maximum: 1 }), n: Type.Integer() });
  const current = { source_path: "/a", threshold: 0.5, n: 1 };
  const merge = (values: Record<string, unknown>) =>
    mergeUpdate(schema, current, given(values), new EnvironmentStores({}, () => undefined), never);

  it("returns the merged values and those that changed", async () => {
    expect(await merge({ threshold: 0.7, n: 1, source_path: "/a" })).toMatchObject({
      values: { source_path: "/a", threshold: 0.7, n: 1 },
      changed: { threshold: 0.7 },
    });
    expect((await merge({ threshold: null })).changed).toEqual({});
  });

  it("rejects a number that JavaScript does not keep", async () => {
    const { parameters } = order('{"job_id":1,"parameters":[{"id":"n","type":"integer","value":9007199254740993}]}');
    const merging = mergeUpdate(schema, current, parameters, new EnvironmentStores({}, () => undefined), never);
    expect((await errorOf(merging)).message).toMatch(
      /^n: expected a number that is kept exactly, got 9007199254740993/,
    );
  });

  it("validates the merged values and rejects a change of source_path", async () => {
    expect((await errorOf(merge({ threshold: 2 }))).message).toMatch(/^threshold: /);
    expect((await errorOf(merge({ source_path: "/b" }))).message).toBe("source_path: cannot change while the job runs");
  });
});
