import { describe, expect, it } from "vitest";
import { Redactor } from "../../src/log/redactor.ts";

describe("Redactor", () => {
  it("replaces every encoding of a secret, the longest secret first", () => {
    const redactor = new Redactor(["s3cret", "s3cret/longer", { password: 'with "quotes"', pin: "123" }]);
    expect(redactor.redact("s3cret s3cret/longer s3cret%2Flonger")).toBe("[redacted] [redacted] [redacted]");
    expect(redactor.redact(JSON.stringify({ a: 'with "quotes"' }))).toBe('{"a":"[redacted]"}');
    expect(redactor.redact("123")).toBe("123");
  });
});
