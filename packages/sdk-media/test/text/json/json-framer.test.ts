import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonFramer } from "../../../src/text/json/json-framer.ts";
import { cut, cuts, read, summarize } from "../../support/read-packets.ts";

describe("a stream of JSON", () => {
  const values = (packets: readonly (string | Uint8Array)[]) =>
    summarize(read(new JsonFramer(), packets), ({ value }) => value);

  it("is divided into documents for any division into packets", () => {
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

  it("gives a document the time of the packet in which it begins", () => {
    const items = read(new JsonFramer(), ["", '{"a":1}{"b"', ":", "2}"]);
    expect(summarize(items, ({ timeMs, pts }) => [timeMs, pts])).toEqual([
      [40, 3600n],
      [40, 3600n],
    ]);
  });

  it.each<[what: string, text: string, found: unknown[]]>([
    ["an array", '[{"a":1}]{"b":2}', ["error", { b: 2 }]],
    ["a number", '12 {"b":2}', ["error", { b: 2 }]],
    ["text", 'hello, {"b":2}', ["error", { b: 2 }]],
    ["invalid JSON in balanced brackets", '{"a":tru}{"b":2}', ["error", { b: 2 }]],
    ["a document truncated after a comma", '{"a":1,{"b":2}', ["error", { b: 2 }]],
    ["a document truncated after a value", '{"a":{"x":1}{"b":2}', ["error", { b: 2 }]],
    ["a document truncated in a string, with lines", '{"a":"he\n{"b":2}', ["error", { b: 2 }]],
    ["a document truncated in a string", '{"a":"he{"b":2}{"c":3}', ["error", { c: 3 }]],
    ["a bracket that closes another", '{"a":[1}, "inner":{"x":1}}{"c":3}', ["error", { c: 3 }]],
    ["a trailing comma", '{"a":1,}{"c":3}', ["error", { c: 3 }]],
    ["a document without an end", '{"b":2}{"a":', [{ b: 2 }, "error"]],
    ["the key __proto__", '{"__proto__":{"x":1}}', [JSON.parse('{"__proto__":{"x":1}}')]],
  ])("reads on after %s", (_, text, found) => {
    expect(values([text])).toEqual(found);
    expect(values([...Buffer.from(text)].map((byte) => Uint8Array.of(byte)))).toEqual(found);
  });

  it("rejects bytes that are not UTF-8", () => {
    expect(values([Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), '{"b":2}'])).toEqual(["error", { b: 2 }]);
  });

  it.each<[what: string, bytes: Buffer]>([
    ["brackets", Buffer.alloc(4 << 20, "{")],
    ["nested arrays", Buffer.alloc(4 << 20, "[")],
    ["nested objects", Buffer.from('{"a":'.repeat(800_000))],
    ["a string without an end", Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(4 << 20, "x")])],
    ["garbage", Buffer.alloc(4 << 20, "x")],
    ["padding", Buffer.alloc(4 << 20)],
  ])("limits time and errors for %s", (_, bytes) => {
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
