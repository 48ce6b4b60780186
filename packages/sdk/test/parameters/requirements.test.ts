import { describe, expect, it } from "vitest";
import { McaiError } from "../../src/errors.ts";
import { findMissingRequirements } from "../../src/parameters/requirements.ts";
import { EnvironmentStores } from "../../src/parameters/store.ts";
import { describeCases } from "../support/cases.ts";
import { errorOf, never, order } from "../support/parameters.ts";

describeCases<{ message: string }, { error?: unknown; requirements?: { kind: string } }>(
  "job_parsing.json",
  async ({ input, expected }) => {
    if (expected.error) return expect(() => order(input.message)).toThrow(McaiError);
    const { parameters } = order(input.message);
    const missing = await findMissingRequirements(parameters, new EnvironmentStores({}, () => undefined), never);
    expect(missing.length > 0).toBe(expected.requirements?.kind === "RequirementsError");
  },
);

describe("findMissingRequirements", () => {
  const missing = (value: unknown) =>
    findMissingRequirements(
      [{ id: "requirements", type: "requirements", value }],
      new EnvironmentStores({}, () => undefined),
      never,
    );

  it("returns the required files that do not exist", async () => {
    const here = import.meta.filename;
    expect(await missing({ paths: [here, "/no/such", `${here}/inside`] })).toEqual(["/no/such", `${here}/inside`]);
    const tooLong = `/${"a".repeat(5000)}`;
    expect(await missing({ paths: [tooLong] })).toEqual([tooLong]);
    expect(await missing({})).toEqual([]);
    expect(await missing(null)).toEqual([]);
  });

  it("rejects a million paths at once, and looks for 10,000 of them in turn", async () => {
    const paths = Array.from({ length: 1_000_000 }, (_, n) => `/no/such/${n}`);
    expect((await errorOf(missing({ paths }))).message).toBe(
      "requirements.paths: expected at most 10000 paths, got 1000000",
    );
    const few = paths.slice(0, 10_000);
    expect(await missing({ paths: few })).toEqual(few);
  });

  it("looks for no more files when the job is asked to stop", async () => {
    const stopping = new AbortController();
    const value = { paths: Array.from({ length: 10_000 }, (_, n) => `/no/such/${n}`) };
    const looking = findMissingRequirements(
      [{ id: "requirements", type: "requirements", value }],
      new EnvironmentStores({}, () => undefined),
      stopping,
    );
    stopping.abort(new Error("stopped"));
    await expect(looking).rejects.toThrow("stopped");
  });

  it("rejects requirements that are not of the expected form", async () => {
    expect((await errorOf(missing({ paths: "/a" }))).message).toMatch(/^requirements: expected requirements, got/);
  });
});
