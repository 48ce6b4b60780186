import { describe, expect, it } from "vitest";
import { describeWorkers } from "../src/platform/descriptions.ts";
import { findVerdictFaults, readCommitted, type Verdicts } from "../src/platform/judge.ts";

// `pnpm conformance platform` asks the platform's reader, a Rust program. These are its verdicts on the same descriptions.
const verdicts = readCommitted("verdicts.json") as Verdicts;

describe("the descriptions of workers", () => {
  it("are those that the platform's reader has judged", async () => {
    const descriptions = await describeWorkers();
    expect(descriptions).toEqual(readCommitted("descriptions.json"));
    expect(Object.keys(verdicts.ours).sort()).toEqual(Object.keys(descriptions).sort());
    expect(Object.keys(descriptions)).toHaveLength(30);
  });

  it("are read without an error, and as those of a Rust worker", () => {
    expect(findVerdictFaults(verdicts)).toEqual([]);
    expect(Object.keys(verdicts.twins).filter((name) => !(name in verdicts.ours))).toEqual([]);
  });

  it("have one verdict for each parameter", () => {
    const descriptions = readCommitted("descriptions.json") as Record<string, { parameters: { properties: object } }>;
    for (const [name, { parameters }] of Object.entries(descriptions))
      expect(Object.keys(verdicts.ours[name] as object).sort(), name).toEqual(
        Object.keys(parameters.properties).sort(),
      );
  });
});

describe("the comparison of verdicts", () => {
  const twins = { one: { text: "String { required: false }", list: "error: Array", area: "Extended {}" } };
  const judged = (one: Record<string, string> | string) => findVerdictFaults({ ours: { one }, twins });

  it("accepts what is read as from Rust, and what Rust cannot say", () => {
    expect(judged({ text: "String { required: false }", list: "Extended {}", area: "String {}" })).toEqual([]);
  });

  it("finds errors, other verdicts, and parameters that are missing", () => {
    expect(judged("error: missing field")).toHaveLength(2);
    expect(judged({ text: "String { required: true }", list: "error: Array" })).toEqual([
      "one, list: error: Array",
      "one, text: String { required: true }, but the twin is String { required: false }",
      "one, area: undefined, but the twin is Extended {}",
    ]);
  });
});
