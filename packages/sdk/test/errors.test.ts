import { describe, expect, it } from "vitest";
import { describeValue, messageOf } from "../src/errors.ts";
import { JobPostponed } from "../src/worker/job.ts";

describe("describeValue and messageOf", () => {
  it("describe any value briefly and never throw", () => {
    const cycle: unknown[] = [];
    cycle.push(cycle);
    expect([
      describeValue(cycle),
      describeValue(1n),
      describeValue(null),
      describeValue("x".repeat(100)).length,
    ]).toEqual(["array", "1n (bigint)", "null", 89]);
    expect(describeValue(Number.NaN)).toBe("NaN (number)");
    expect(messageOf(new JobPostponed(""))).toBe("JobPostponed");
    expect(messageOf({ a: 1 })).toBe('thrown value: {"a":1} (object)');
  });
});
