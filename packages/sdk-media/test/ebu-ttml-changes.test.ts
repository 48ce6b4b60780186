import { describe, expect } from "vitest";
import { changesOf, parseDocument } from "../src/ebu-ttml.ts";
import { caseFile, eachCase } from "./ebu-ttml-cases.ts";

describe("changes of plain TTML", () => {
  eachCase("imsc-timing", ({ input, expected }) => {
    const changes = changesOf(parseDocument(caseFile(input.file)));
    const round = (seconds: number) => Math.round(seconds * 1e6) / 1e6;
    expect(changes.map(({ time }) => round(time.seconds))).toEqual(expected.changePoints.map(round));
    expect(changes.map(({ isActive }) => isActive)).toEqual(expected.active);
  });
});
