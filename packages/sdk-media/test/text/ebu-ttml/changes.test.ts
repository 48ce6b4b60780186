import { describe, expect, it } from "vitest";
import { changesOf, parseDocument, resolve } from "../../../src/ebu-ttml.ts";
import { caseFile, eachCase } from "../../support/ebu-ttml-cases.ts";

describe("the changes of plain TTML", () => {
  eachCase("imsc-timing", ({ input, expected }) => {
    const changes = changesOf(parseDocument(caseFile(input.file)));
    const round = (seconds: number) => Math.round(seconds * 1e6) / 1e6;
    expect(changes.map(({ time }) => round(time.seconds))).toEqual(expected.changePoints.map(round));
    expect(changes.map(({ isActive }) => isActive)).toEqual(expected.active);
  });

  const plain = (layout: string, body: string, root = "") =>
    parseDocument(
      `<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ${root}><head><layout>${layout}</layout></head><body>${body}</body></tt>`,
    );
  const summarize = (...given: Parameters<typeof plain>) =>
    changesOf(plain(...given)).map(({ time, isActive }) => `${time.seconds} ${isActive ? "on" : "off"}`);

  it("show text while its region is active", () => {
    const regions = '<region xml:id="a" begin="2s" end="4s"/><region xml:id="b" begin="3s"><style/>\n</region>';
    const p = (region: string, times = "") => `<div region="${region}"><p ${times}>text</p></div>`;
    expect(summarize(regions, p("a"))).toEqual(["0 off", "2 on", "3 on", "4 off"]);
    expect(summarize(regions, p("b", 'end="5s"'))).toEqual(["0 off", "2 off", "3 on", "4 on", "5 off"]);
    expect(summarize(regions, '<div region="a"><p region="b" begin="1s">text</p></div>').slice(-2)).toEqual([
      "3 on",
      "4 on",
    ]);
    expect(summarize('<region xml:id="a"/>', p("a", 'begin="1s"'))).toEqual(["0 off", "1 on"]);
  });

  it("reject times that are not on a timeline", () => {
    const document = plain("", "<div/>", 'ttp:timeBase="smpte" ttp:markerMode="discontinuous"');
    for (const run of [changesOf, resolve])
      expect(() => run(document)).toThrowError(expect.objectContaining({ code: "UnsupportedTimeBase" }));
  });
});
