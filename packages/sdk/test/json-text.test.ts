import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { JsonText } from "../src/json-text.ts";

const lostIn = (text: string) => new JsonText(text).lostNumbers();

describe("a number of a JSON text", () => {
  it.each([
    ["9007199254740993", "an odd integer beyond 2^53"],
    ["-9007199254740993", "a negative one"],
    ["9007199254740993.0", "an integer that is written with a point"],
    ["9.007199254740993e15", "an integer that is written with an exponent"],
    ["12345678901234567890", "an integer of 64 bits"],
    ["12345678901234567890.0", "the same with a point"],
    ["100000000000000000000000", "a power of ten that is not a double, in digits"],
    ["1e400", "a number beyond the range"],
    ["-1E+400", "a negative one"],
    [`1${"0".repeat(400)}`, "a long one in digits"],
    ["1.7976931348623159e308", "one that rounds to infinity"],
  ])("%s is lost: %s", (text) => {
    expect(lostIn(text)).toEqual([{ keys: [], text }]);
    expect(lostIn(`{"a":[0,{"b":${text}}],"c":1}`)).toEqual([{ keys: ["a", "1", "b"], text }]);
  });

  it.each([
    ["9007199254740991", "the largest safe integer"],
    ["9007199254740992", "an integer that is a double"],
    ["1152921504606846976", "2^60"],
    ["0.1", "a fraction is rounded in every language"],
    ["1.00000000000000000001", "so is a long one"],
    ["1e22", "a power of ten that is a double"],
    ["1e23", "the shortest form of a double"],
    ["6.02214076e23", "a quantity of physics"],
    ["12345678901234567000.0", "the shortest form of a double, with a point"],
    ["1.7976931348623157e308", "the largest double"],
    ["-0", "minus zero"],
    ["5e-400", "a number that rounds to 0, as a fraction does"],
    ["0e999999999999999999999", "0"],
    ["0.000000000000000000001e21", "1"],
  ])("%s is kept: %s", (text) => {
    const json = new JsonText(`[${text}]`);
    expect(json.lostNumbers()).toBeUndefined();
    expect(json.value).toEqual([Number(text)]);
  });

  it("is lost exactly if the double is another integer", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 25n), max: 10n ** 25n }), (integer) => {
        expect(lostIn(String(integer)) === undefined).toBe(BigInt(Number(integer)) === integer);
      }),
      { numRuns: 2000 },
    );
  });

  it("is kept if JSON.stringify wrote it with an exponent, and whatever stands in strings is no number", () => {
    const double = fc.double({ noDefaultInfinity: true, noNaN: true });
    const isInteger = (value: unknown): boolean => typeof value === "number" && Number.isInteger(value);
    fc.assert(
      fc.property(fc.jsonValue(), double, fc.stringMatching(/^[\d\\"eE.+-]{0,40}$/), (value, number, text) => {
        const all = { value: JSON.stringify(value), number: isInteger(number) ? 0 : number, [text]: [text, "1e400"] };
        const json = new JsonText(JSON.stringify(all));
        expect(json.lostNumbers()).toBeUndefined();
        expect(json.value).toEqual(JSON.parse(JSON.stringify(all)));
      }),
    );
  });

  it("is found at a path, and in the last of two keys with one name", () => {
    const json = new JsonText('{"a":{"b":1e400,"b":1},"__proto__":[1e400],"c":[1,9007199254740993]}');
    expect(json.lostNumbers("a")).toBeUndefined();
    expect(json.lostNumbers("c", 1)).toEqual([{ keys: [], text: "9007199254740993" }]);
    expect(json.lostNumbers("__proto__")).toEqual([{ keys: ["0"], text: "1e400" }]);
    expect(json.lostNumbers("toString", 0)).toBeUndefined();
    expect((json.value as { c: unknown }).c).toEqual([1, 9007199254740992]);
  });

  it("is found a thousand times in one parameter, and 16 MB of them take little time", () => {
    const text = `{"a":[{"n":[${"1e999,".repeat(2_700_000)}0]},{"default":[${"1e999,".repeat(1000)}0],"value":1e400}]}`;
    const startMs = performance.now();
    const json = new JsonText(text);
    expect(json.lostNumbers("a", 0)).toHaveLength(1000);
    expect(json.lostNumbers("a", 1, "value")).toHaveLength(1);
    expect(performance.now() - startMs).toBeLessThan(3000);
  });
});
