import { describe, expect, it } from "vitest";
import { Version } from "../src/version.ts";

describe("Version", () => {
  it.each([
    ["1.5.9", -1],
    ["1.6.0", 0],
    ["1.6.0-rc.1", 0],
    ["1.6.0+build.5", 0],
    ["1.10.0", 1],
    ["2.0.0", 1],
  ])("compares %s with 1.6.0", (text, sign) => {
    expect(Math.sign(Number(Version.parse(text)?.compare(1, 6, 0)))).toBe(sign);
  });

  it("tells a pre-release from a release", () => {
    expect(Version.parse("4.3.0-rc.1")?.isPreRelease).toBe(true);
    expect(Version.parse("4.3.0+build-1")?.isPreRelease).toBe(false);
  });

  it.each(["1.4", "v1.4.0", "1.04.0", "1.4.0-", "1.4.0-01", ""])("does not parse %j", (text) => {
    expect(Version.parse(text)).toBeUndefined();
  });
});
