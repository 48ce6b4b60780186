import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonFramer } from "../../../src/text/json/json-framer.ts";
import { cut, cuts, read, told } from "../../support/read-packets.ts";

describe("JSON", () => {
  const values = (packets: readonly (string | Uint8Array)[]) =>
    told(read(new JsonFramer(), packets), ({ value }) => value);

  it("comes in documents, however the packets are cut", () => {
    const documents = fc.array(fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()), { maxLength: 5 });
    const padding = fc.constantFrom("", "\n", "\0\0", " \r\n", "\x1e", "\ufeff");
    fc.assert(
      fc.property(documents, padding, cuts, fc.nat(2), (given, between, at, indent) => {
        const text = given.map((value) => between + JSON.stringify(value, null, indent)).join("");
        expect(values(cut(text, at))).toEqual(given.map((value) => JSON.parse(JSON.stringify(value))));
      }),
      { numRuns: 300 },
    );
  });

  it("has the time of the packet in which it began", () => {
    const items = read(new JsonFramer(), ["", '{"a":1}{"b"', ":", "2}"]);
    expect(told(items, ({ timeMs, pts }) => [timeMs, pts])).toEqual([
      [40, 3600n],
      [40, 3600n],
    ]);
  });

  it.each<[what: string, text: string, found: unknown[]]>([
    ["a list", '[{"a":1}]{"b":2}', ["error", { b: 2 }]],
    ["a number", '12 {"b":2}', ["error", { b: 2 }]],
    ["words", 'hello, {"b":2}', ["error", { b: 2 }]],
    ["no JSON in whole brackets", '{"a":tru}{"b":2}', ["error", { b: 2 }]],
    ["one that was cut off behind a comma", '{"a":1,{"b":2}', ["error", { b: 2 }]],
    ["one that was cut off behind a value", '{"a":{"x":1}{"b":2}', ["error", { b: 2 }]],
    ["one that was cut off in a text, by lines", '{"a":"he\n{"b":2}', ["error", { b: 2 }]],
    ["one that was cut off in a text", '{"a":"he{"b":2}{"c":3}', ["error", { c: 3 }]],
    ["a bracket that closes another", '{"a":[1}, "inner":{"x":1}}{"c":3}', ["error", { c: 3 }]],
    ["a comma at the end", '{"a":1,}{"c":3}', ["error", { c: 3 }]],
    ["one that has not ended", '{"b":2}{"a":', [{ b: 2 }, "error"]],
    ["a key of its own", '{"__proto__":{"x":1}}', [JSON.parse('{"__proto__":{"x":1}}')]],
  ])("counts %s, and goes on", (_, text, found) => {
    expect(values([text])).toEqual(found);
    expect(values([...Buffer.from(text)].map((byte) => Uint8Array.of(byte)))).toEqual(found);
  });

  it("refuses bytes that are not UTF-8", () => {
    expect(values([Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), '{"b":2}'])).toEqual(["error", { b: 2 }]);
  });

  it.each<[what: string, bytes: Buffer]>([
    ["brackets", Buffer.alloc(4 << 20, "{")],
    ["lists in lists", Buffer.alloc(4 << 20, "[")],
    ["objects in objects", Buffer.from('{"a":'.repeat(800_000))],
    ["a text without an end", Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(4 << 20, "x")])],
    ["garbage", Buffer.alloc(4 << 20, "x")],
    ["padding", Buffer.alloc(4 << 20)],
  ])("is bounded in time and errors for %s", (_, bytes) => {
    const framer = new JsonFramer();
    const began = performance.now();
    const items = read(framer, cut(bytes.toString("latin1"), [1 << 20, 2 << 20, 3 << 20]));
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(items.length).toBeLessThanOrEqual(5 * 64);
    expect(values([bytes.subarray(0, 1 << 20), '{"z":1}{"y":2}']).at(-1)).toEqual(
      expect.anything() as unknown as string,
    );
  });
});
