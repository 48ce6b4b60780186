import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseDocument, parseTime, resolve, Time, type TimedElement, type Timing } from "../../../src/ebu-ttml.ts";
import { type Case, eachCase, live } from "../../support/ebu-ttml-cases.ts";

function check({ input, expected }: Case) {
  if (input.kind === "authoringDelay") {
    const xml = live({ root: `ebuttm:authoringDelay="${input.value}"` });
    expect(parseDocument(xml, { mode: "strict" }).properties.authoringDelay?.time?.seconds).toBe(expected.seconds);
    return;
  }
  const { frameRateMultiplier, dialect, value, ...rest } = input;
  const timing: Timing = { ...rest, dialect: dialect === "ttml" ? "ttml" : "ebu-tt-live" };
  const time = parseTime(
    value,
    frameRateMultiplier ? { ...timing, frameRateMultiplier: frameRateMultiplier.split(" ").map(Number) } : timing,
  );
  if (expected.valid === false) expect(time).toBeUndefined();
  else expect(time).toBeDefined();
  if (expected.seconds !== undefined) expect(time?.seconds).toBeCloseTo(expected.seconds, 9);
  if (expected.exact !== undefined) expect(time?.toString()).toBe(expected.exact);
}

describe("a time expression", () => {
  eachCase("time-expressions", check);
  eachCase("examples", (item) => item.kind === "timeExpression" && check(item));

  const digits = fc.integer({ min: 0, max: 999_999 }).map((n) => String(n).padStart(6, "0"));

  it("is exact to the microsecond for clock times", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 99n), fc.bigInt(0n, 59n), fc.bigInt(0n, 60n), digits, (h, m, s, f) => {
        const two = (n: bigint) => String(n).padStart(2, "0");
        const expected = (h * 3600n + m * 60n + s) * 1_000_000n + BigInt(f);
        for (const timeBase of ["clock", "media"] as const) {
          expect(parseTime(`${two(h)}:${two(m)}:${two(s)}.${f}`, { timeBase })?.microseconds).toBe(expected);
        }
        const seconds = parseTime(`${two(h)}:${two(m)}:${two(s)}.${f}`)?.seconds ?? Number.NaN;
        expect(BigInt(Math.round(seconds * 1e6))).toBe(expected);
      }),
    );
  });

  it("is exact for any number of digits", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 10n ** 30n), fc.bigInt(0n, 10n ** 25n), (whole, part) => {
        const fraction = String(part).padStart(26, "0");
        for (const [unit, factor] of [
          ["h", 3600n],
          ["m", 60n],
          ["s", 1n],
        ] as const) {
          const time = parseTime(`${whole}.${fraction}${unit}`) as Time;
          expect(time.equals(Time.fraction((whole * 10n ** 26n + part) * factor, 10n ** 26n))).toBe(true);
        }
        expect(parseTime(`${whole}.${fraction}ms`)?.equals(Time.fraction(whole * 10n ** 26n + part, 10n ** 29n))).toBe(
          true,
        );
      }),
    );
  });

  it("is exact for frames of 1001-based rates", () => {
    const timing: Timing = { dialect: "ttml", frameRate: 30, frameRateMultiplier: [1000, 1001] };
    let sum = Time.zero;
    for (let i = 0; i < 30_000; i++) sum = sum.plus(parseTime("1f", timing) as Time);
    expect(sum.toString()).toBe("1001/1");
  });

  it("skips the frame numbers that drop frame skips", () => {
    const ntsc: Timing = { timeBase: "smpte", frameRate: 30, frameRateMultiplier: [1000, 1001], dropMode: "dropNTSC" };
    expect(parseTime("00:01:00:02", ntsc)?.equals(Time.fraction(1800n * 1001n, 30_000n))).toBe(true);
    expect(parseTime("00:10:00:00", ntsc)?.equals(Time.fraction(17_982n * 1001n, 30_000n))).toBe(true);
    const pal: Timing = { timeBase: "smpte", frameRate: 30, frameRateMultiplier: [1000, 1001], dropMode: "dropPAL" };
    expect(parseTime("00:02:00:04", pal)?.equals(Time.fraction(3600n * 1001n, 30_000n))).toBe(true);
    expect(parseTime("00:20:00:00", pal)?.equals(Time.fraction((36_000n - 36n) * 1001n, 30_000n))).toBe(true);
  });

  it("must be the whole string", () => {
    for (const text of [
      "",
      " 1s",
      "1s ",
      "+1s",
      "-1s",
      "1e3s",
      "1.s",
      ".5s",
      "1",
      "1:00:00",
      "00:00:00.",
      "00:60:00",
      "00:00:61",
      "0:00:00",
      "00:00:00\n",
      "1ms1s",
      "٣s",
    ]) {
      expect([text, parseTime(text)]).toEqual([text, undefined]);
    }
  });

  it("may have a leap second in clock and media times, but not in smpte", () => {
    expect(parseTime("23:59:60.5", { timeBase: "clock" })?.seconds).toBe(86_400.5);
    expect(parseTime("00:00:60:00", { timeBase: "smpte", frameRate: 25 })).toBeUndefined();
    expect(parseTime("00:00:59:24", { timeBase: "smpte", frameRate: 25 })?.toString()).toBe("1499/25");
  });

  it("is rounded to timestamps", () => {
    expect(Time.fromSeconds("1.5").in(1n, 90_000n)).toBe(135_000n);
    expect(Time.fraction(1001n, 30_000n).in(1n, 90_000n)).toBe(3003n);
    expect(Time.fromSeconds("-0.0000005").microseconds).toBe(0n);
    expect(Time.fraction(-1n, 1_000_001n).microseconds).toBe(-1n);
  });
});

const seconds = (time: Time | undefined) => (time === undefined ? null : time.seconds);
const availability = (at: number | null | undefined) => (at == null ? Time.zero : Time.fromSeconds(at));

// By id and by kind; spans are span1, span2, …
function elementsOf(root: TimedElement | undefined): Map<string, TimedElement> {
  const found = new Map<string, TimedElement>();
  let spans = 0;
  const visit = (element: TimedElement) => {
    found.set(element.kind === "span" ? `span${++spans}` : element.kind, element);
    if (element.id !== undefined) found.set(element.id, element);
    for (const child of element.children) {
      if (child.kind === "div" || child.kind === "p" || child.kind === "span") visit(child);
    }
  };
  if (root !== undefined) visit(root);
  return found;
}

describe("the times within a document", () => {
  eachCase("timing-document", ({ input, expected }) => {
    const { begin, end } = resolve(parseDocument(input.xml), availability(input.availabilityTime));
    expect({ computedBegin: seconds(begin), computedEnd: seconds(end) }).toEqual(expected);
  });
  eachCase("timing-elements", ({ input, expected }) => {
    const document = parseDocument(input.xml);
    const times = resolve(document, availability(input.availabilityTime));
    const elements = elementsOf(document.body);
    for (const [name, interval] of Object.entries(expected)) {
      const found = times.intervalOf(elements.get(name) as TimedElement);
      expect([name, { begin: seconds(found?.begin), end: seconds(found?.end) }]).toEqual([name, interval]);
    }
  });
});
